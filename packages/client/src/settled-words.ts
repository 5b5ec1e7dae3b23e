/** What became of a question of the agent, in the words of every surface. Pure. */
import type { PermissionItem } from './item.ts'

const kinds: Readonly<Record<string, string>> = {
  allow_once: 'Allowed once',
  allow_always: 'Always allowed',
  reject_once: 'Rejected',
  reject_always: 'Always rejected',
}
const places: Readonly<Record<string, string>> = {
  web: 'in the browser',
  terminal: 'in the terminal',
}
const reasons: Readonly<Record<string, string>> = {
  interrupted: 'turn stopped',
  'its turn ended': 'turn ended',
  agent: 'the agent took it back',
}

/** @returns undefined while it is open */
export function settledWords(
  item: Pick<PermissionItem, 'state' | 'options' | 'optionId' | 'by'>,
): string | undefined {
  const { state, by = '' } = item
  if (state === 'asked') return undefined
  if (state === 'withdrawn') return `Not answered: ${reasons[by] ?? by}`
  return `${answerWords(item)}, ${places[by] ?? `by ${by}`}`
}

/** By its kind; where several options are of that kind, by its name. */
function answerWords({
  options,
  optionId = '',
}: Pick<PermissionItem, 'options' | 'optionId'>): string {
  const chosen = options.find((option) => option.optionId === optionId)
  if (chosen === undefined) return `“${optionId}”`
  const isOnly = options.filter(({ kind }) => kind === chosen.kind).length === 1
  return (isOnly ? kinds[chosen.kind] : undefined) ?? `“${chosen.name}”`
}
