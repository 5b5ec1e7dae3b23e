/**
 * What a person fills in to start a session, and the request it makes. Pure.
 *
 * Invariants:
 * - W-14 The same form sent again is the same request with the same ids, so no session is made twice.
 * - W-15 A form that was changed is another request with other ids.
 */
import type { CreateBody, FoundAgent, Problem } from '@belay/protocol'
import { wordsOf } from './command-line.ts'

/** The choice of an agent by its command line. No known agent has an empty name. */
export const otherAgent = ''

export interface NewSessionForm {
  /** A known agent's name, or `otherAgent`. */
  readonly agent: string
  readonly command: string
  readonly where: 'folder' | 'repository'
  readonly path: string
  readonly url: string
  readonly branch: string
  readonly prompt: string
}

export const emptyForm: NewSessionForm = {
  agent: otherAgent,
  command: '',
  where: 'folder',
  path: '',
  url: '',
  branch: '',
  prompt: '',
}

export interface Attempt {
  readonly form: NewSessionForm
  readonly sessionId: string
  readonly promptId: string
}

/** @param fresh ids nobody has used */
export function attemptOf(
  form: NewSessionForm,
  before: Attempt | undefined,
  fresh: { readonly sessionId: string; readonly promptId: string },
): Attempt {
  if (before !== undefined && JSON.stringify(before.form) === JSON.stringify(form)) return before
  return { form, ...fresh }
}

export function bodyOf({ form, sessionId, promptId }: Attempt): CreateBody {
  const [command = '', ...args] = wordsOf(form.command)
  const branch = form.branch.trim()
  return {
    id: sessionId,
    agent: form.agent === otherAgent ? { command, args } : { name: form.agent },
    workspace:
      form.where === 'folder'
        ? { type: 'folder', path: form.path.trim() }
        : { type: 'repository', url: form.url.trim(), ...(branch === '' ? {} : { branch }) },
    ...(form.prompt.trim() === '' ? {} : { prompt: { promptId, text: form.prompt } }),
  }
}

/** Nothing needed is empty; whether it is right the server says. */
export function isComplete(form: NewSessionForm): boolean {
  const place = form.where === 'folder' ? form.path : form.url
  return place.trim() !== '' && (form.agent !== otherAgent || form.command.trim() !== '')
}

export type FieldName = Exclude<keyof NewSessionForm, 'where'>

type WrongFields = Partial<Record<FieldName, string>>

/** What was wrong with each field, in words, by the field a person sees. */
export function wrongFields(
  problem: Problem['error'] | undefined,
  form: NewSessionForm,
): WrongFields {
  const wrong: WrongFields = {}
  for (const { path, expected, got } of problem?.fields ?? []) {
    const field = fieldOf(path, form)
    if (field !== undefined)
      wrong[field] = `${expected.slice(0, 1).toUpperCase()}${expected.slice(1)}; got ${got}.`
  }
  return wrong
}

/** The problem without what is said at the fields. */
export function restOf(problem: Problem['error'], form: NewSessionForm): Problem['error'] {
  return {
    ...problem,
    fields: problem.fields?.filter(({ path }) => fieldOf(path, form) === undefined),
  }
}

function fieldOf(path: string, form: NewSessionForm): FieldName | undefined {
  const names = path.split(/[./[\]]+/)
  if (names.includes('branch')) return 'branch'
  if (names.includes('url')) return 'url'
  if (names.includes('path')) return 'path'
  if (names.includes('prompt')) return 'prompt'
  if (names.includes('agent')) return form.agent === otherAgent ? 'command' : 'agent'
  if (names.includes('workspace')) return form.where === 'folder' ? 'path' : 'url'
  return undefined
}

/** Agents as one is offered them: those that can start first, the demo last of these, then those that cannot. */
export function orderAgents(agents: readonly FoundAgent[]): readonly FoundAgent[] {
  return agents.toSorted((a, b) => rank(a) - rank(b))
}

function rank(agent: FoundAgent): number {
  return (canStart(agent) ? 0 : agent.found ? 2 : 4) + (agent.demo ? 1 : 0)
}

export function canStart(agent: FoundAgent): boolean {
  return agent.found && agent.missing.length === 0
}
