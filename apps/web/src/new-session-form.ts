/**
 * What a person fills in to start a session, and the request it makes. Pure.
 *
 * Invariants:
 * - W-14 The same form sent again is the same request with the same ids, so no session is made twice.
 * - W-15 A form that was changed is another request with other ids.
 * - W-110 A worktree is offered for a folder of a repository, and chosen first when another session is in that folder, until a
 *   person says otherwise.
 * - W-45 The form of a session that failed to prepare, unchanged, asks for the same settings again.
 */
import type {
  CreateBody,
  FoundAgent,
  Place,
  Problem,
  RouteInput,
  SessionView,
} from '@belay/protocol'
import { quoted, wordsOf } from './command-line.ts'

/** The choice of an agent by its command line. No known agent has an empty name. */
export const otherAgent = ''

/** What is done with the changes of a turn that completed. */
export const finishes = ['leave', 'commit', 'push'] as const
export type FinishChoice = (typeof finishes)[number]

/** What becomes of the prompts that wait when a turn fails. */
export const afterFailures = ['wait', 'go-on'] as const
export type AfterFailure = (typeof afterFailures)[number]

export interface NewSessionForm {
  /** A known agent's name, or `otherAgent`. */
  readonly agent: string
  readonly command: string
  readonly where: 'folder' | 'repository'
  readonly path: string
  /** Where in the folder: as a person said, or as it is offered first. */
  readonly apart: 'unsaid' | 'worktree' | 'folder'
  /** Of the worktree; empty: named after the session. */
  readonly worktreeBranch: string
  readonly url: string
  readonly branch: string
  readonly ref: string
  readonly shallow: boolean
  readonly workBranch: string
  /** Whose the token is, where the host asks. */
  readonly user: string
  /** Opens the repository. It is never kept in the browser. */
  readonly token: string
  /** Lines of shell. */
  readonly setup: string
  readonly finish: FinishChoice
  readonly afterFailure: AfterFailure
  readonly prompt: string
}

export const emptyForm: NewSessionForm = {
  agent: otherAgent,
  command: '',
  where: 'folder',
  path: '',
  apart: 'unsaid',
  worktreeBranch: '',
  url: '',
  branch: '',
  ref: '',
  shallow: false,
  workBranch: '',
  user: '',
  token: '',
  setup: '',
  finish: 'leave',
  afterFailure: 'wait',
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
  const setup = setupOf(form)
  return {
    id: sessionId,
    agent: agentOf(form),
    workspace: workspaceOf(form),
    ...(setup.length === 0 ? {} : { setup }),
    ...(form.finish === 'leave' ? {} : { finish: finishOf(form) }),
    ...(form.afterFailure === 'wait' ? {} : { goOn: true as const }),
    ...(form.prompt.trim() === '' ? {} : { prompt: { promptId, text: form.prompt } }),
  }
}

/** The same settings for a preparation that is tried again. */
export function retryBodyOf(form: NewSessionForm): Omit<RouteInput<'retry'>, 'id'> {
  return { agent: agentOf(form), workspace: workspaceOf(form), setup: [...setupOf(form)] }
}

function agentOf(form: NewSessionForm): CreateBody['agent'] {
  const [command = '', ...args] = wordsOf(form.command)
  return form.agent === otherAgent ? { command, args } : { name: form.agent }
}

function workspaceOf(form: NewSessionForm): CreateBody['workspace'] {
  if (form.where === 'folder') {
    const branch = form.worktreeBranch.trim()
    const worktree = branch === '' ? (true as const) : { branch }
    return {
      type: 'folder',
      path: form.path.trim(),
      ...(form.apart === 'worktree' ? { worktree } : {}),
    }
  }
  const { branch, ref, workBranch, user, token } = form
  return {
    type: 'repository',
    url: form.url.trim(),
    ...given({ branch, ref, workBranch, user, token }),
    ...(form.shallow ? { shallow: true } : {}),
  }
}

/** Whether the session would work in a worktree, by what a person said or by who is in the folder. */
export function isApart(form: NewSessionForm, place: Place | undefined): boolean {
  if (form.where !== 'folder') return false
  if (form.apart !== 'unsaid') return form.apart === 'worktree'
  return place?.git !== undefined && place.sessions.length > 0
}

/** The form as it is sent: what was offered and not refused is what is asked for. */
export function decided(form: NewSessionForm, place: Place | undefined): NewSessionForm {
  if (form.where !== 'folder') return form
  return { ...form, apart: isApart(form, place) ? 'worktree' : 'folder' }
}

function given(fields: Readonly<Record<string, string>>): Record<string, string> {
  const trimmed = Object.entries(fields).map(([name, text]) => [name, text.trim()] as const)
  return Object.fromEntries(trimmed.filter(([, text]) => text !== ''))
}

function setupOf(form: NewSessionForm): string[] {
  return form.setup
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function finishOf(form: NewSessionForm): NonNullable<CreateBody['finish']> {
  return {
    commit: true,
    ...(form.finish === 'push' ? { push: true } : {}),
    ...(form.where === 'folder' ? { folder: true as const } : {}),
  }
}

/** The settings of a session, to be edited. Its token is not among them: the server shows it to nobody. */
export function formOf(session: SessionView): NewSessionForm {
  const { agentChoice: agent, workspace, setup = [], finish, goOn } = session
  const named = 'name' in agent
  const repository = workspace.type === 'repository' ? workspace : undefined
  return {
    ...emptyForm,
    agent: named ? agent.name : otherAgent,
    command: named ? '' : [agent.command, ...agent.args].map(quoted).join(' '),
    where: workspace.type,
    path: workspace.type === 'folder' ? workspace.path : '',
    ...apartOf(workspace),
    url: repository?.url ?? '',
    branch: repository?.branch ?? '',
    ref: repository?.ref ?? '',
    shallow: repository?.shallow === true,
    workBranch: repository?.workBranch ?? '',
    user: repository?.user ?? '',
    setup: setup.join('\n'),
    finish: finish === undefined ? 'leave' : finish.push === true ? 'push' : 'commit',
    afterFailure: goOn === true ? 'go-on' : 'wait',
  }
}

function apartOf(
  workspace: SessionView['workspace'],
): Pick<NewSessionForm, 'apart' | 'worktreeBranch'> {
  if (workspace.type !== 'folder') return { apart: 'unsaid', worktreeBranch: '' }
  const { worktree } = workspace
  const branch = worktree === undefined || worktree === true ? '' : (worktree.branch ?? '')
  return { apart: worktree === undefined ? 'folder' : 'worktree', worktreeBranch: branch }
}

/** Nothing needed is empty; whether it is right the server says. */
export function isComplete(form: NewSessionForm): boolean {
  const place = form.where === 'folder' ? form.path : form.url
  return place.trim() !== '' && (form.agent !== otherAgent || form.command.trim() !== '')
}

export type FieldName = Exclude<
  keyof NewSessionForm,
  'where' | 'shallow' | 'finish' | 'afterFailure' | 'apart'
>

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

/** What of a problem is not said at a field; undefined when all of it is. */
export function restOf(
  problem: Problem['error'] | undefined,
  form: NewSessionForm,
): Problem['error'] | undefined {
  const fields = problem?.fields?.filter(({ path }) => fieldOf(path, form) === undefined)
  if (problem === undefined || fields === undefined) return problem
  return fields.length === 0 ? undefined : { ...problem, fields }
}

function fieldOf(path: string, form: NewSessionForm): FieldName | undefined {
  const names = path.split(/[./[\]]+/)
  if (names.includes('worktree')) return 'worktreeBranch'
  for (const name of ['branch', 'ref', 'workBranch', 'user', 'token', 'setup'] as const)
    if (names.includes(name)) return name
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
