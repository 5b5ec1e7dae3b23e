/**
 * What became of a question of the agent, in the words of every surface. Pure.
 *
 * - V-174 A settled question says what was answered and where, or why it was not.
 */
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
  api: 'by a program',
}
const withdrawn: Readonly<Record<string, string>> = {
  interrupted: 'Not answered: turn stopped',
  agent: 'Not answered: the agent took it back',
  'agent ended': 'Not answered: agent ended',
  'turn ended': 'Not answered: turn ended',
  'its turn ended': 'Not answered: turn ended',
  'no answer in time': 'Not answered in time',
  'too many open questions': 'Not asked: too many questions were open',
}

/** @returns undefined while it is open */
export function settledWords(
  item: Pick<PermissionItem, 'state' | 'options' | 'optionId' | 'by'>,
): string | undefined {
  const { state, by = '' } = item
  if (state === 'asked') return undefined
  if (state === 'withdrawn') return withdrawn[by] ?? `Not answered: ${by}`
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
