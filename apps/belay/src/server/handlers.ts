/** What each route does: validated input in, the answer of the table out. Refusals are thrown as `RefusalError`. */
import { createHash, randomBytes } from 'node:crypto'
import type {
  CreateBody,
  Deadlines,
  FoundAgent,
  RouteAnswer,
  RouteArgs,
  RouteName,
  SessionEvent,
} from '@belay/protocol'
import { branchFor } from '@belay/runner/node'
import { foundAgentSchema, limits, protocolVersion, unknownChanges } from '@belay/protocol'
import {
  callbacksOf,
  deletedSentence,
  type Proofs,
  type PromptText,
  type SessionInput,
  type SessionReply,
  viewOf,
  whyOf,
} from '@belay/session'
import type { Folders } from './folders.ts'
import { attachmentOf, namedAttachments } from './attachments.ts'
import type { Callbacks } from './callbacks.ts'
import { changesKnown } from './known-changes.ts'
import { listSessions } from './list-viewer.ts'
import { RefusalError } from './problem.ts'
import { planMsMax, planOnceMade } from './restore-plan.ts'
import { gitPlace, type Seal } from './seal.ts'
import type { Tickets } from './tokens.ts'
import type { SessionHost } from './session-host.ts'

export type Handlers = {
  readonly [Name in RouteName]: (
    args: RouteArgs<Name>,
  ) => Promise<RouteAnswer<Name>> | RouteAnswer<Name>
}

export interface HandlerOptions {
  readonly host: SessionHost
  readonly tickets: Tickets
  readonly clock: () => number
  readonly agents: () => readonly FoundAgent[]
  /** What is wrong in the file of agents. */
  readonly agentProblems?: () => readonly string[]
  readonly version: string
  readonly callbacks: Callbacks
  readonly seal: Seal
  /** Tells the runner that a prompt is on its way to its session. */
  readonly links: { announce(session: string, promptId: string): void }
  /** What can be seen of a session's hops from here. */
  readonly proofs: (id: string) => Proofs
  readonly deadlines: Deadlines
  /** Absent where runners are elsewhere. */
  readonly folders?: Folders | undefined
  readonly sessionsKeptMax?: number
  /** What else the server was started with. */
  readonly started: Pick<
    RouteAnswer<'settings'>,
    | 'since'
    | 'keepSessionsMs'
    | 'keepEvents'
    | 'keepEventsMs'
    | 'minDiskBytes'
    | 'allowPrivateCallbacks'
  >
}

export function createHandlers(options: HandlerOptions): Handlers {
  return {
    ...sessionHandlers(options),
    ...promptHandlers(options),
    ...waitingHandlers(options),
    ...folderHandlers(options),
    ...otherHandlers(options),
  }
}

function sessionHandlers(options: HandlerOptions) {
  const { host, clock, callbacks, seal, agents, folders } = options
  return {
    async createSession(body: RouteArgs<'createSession'>) {
      const id = body.id ?? newSessionId(clock())
      // A request that is repeated gets its first answer, whatever became of the agent.
      if (host.read(id).lifecycle.type === 'absent') await admitNew(options, body)
      const input = createInput({ ...body, id }, callbacks, seal)
      const reply = await ask({ host, id, type: 'created' }, input)
      return {
        session: sessionAt(host, id),
        ...(reply.promptId === undefined ? {} : { promptId: reply.promptId }),
      }
    },
    listSessions({ limit, before }: RouteArgs<'listSessions'>) {
      // One more than asked for says whether there is another page.
      const found = listSessions(host, limit + 1, before)
      const sessions = found.slice(0, limit)
      const last = sessions.at(-1)
      return {
        sessions,
        ...(found.length > limit && last !== undefined ? { next: last.id } : {}),
      }
    },
    getSession({ id }: RouteArgs<'getSession'>) {
      existing(host, id)
      return sessionAt(host, id)
    },
    async retry({ id, agent, workspace, setup, signIn }: RouteArgs<'retry'>) {
      if (agent !== undefined && 'name' in agent) knownAgent(agents(), agent.name)
      if (workspace !== undefined) await allowed(folders, workspace)
      const place =
        workspace === undefined
          ? {}
          : sealedWorkspace(named(workspace, host.read(id).settings.title, id), seal)
      await ask({ host, id, type: 'done' }, { type: 'retry', agent, setup, signIn, ...place })
      return sessionAt(host, id)
    },
    async restartAgent({ id }: RouteArgs<'restartAgent'>) {
      await ask({ host, id, type: 'done' }, { type: 'agent-restart-asked' })
      return sessionAt(host, id)
    },
    async setMode({ id, modeId }: RouteArgs<'setMode'>) {
      await ask({ host, id, type: 'done' }, { type: 'chosen', of: 'mode', id: modeId })
      return sessionAt(host, id)
    },
    async setModel({ id, modelId }: RouteArgs<'setModel'>) {
      await ask({ host, id, type: 'done' }, { type: 'chosen', of: 'model', id: modelId })
      return sessionAt(host, id)
    },
    async interrupt({ id, turn }: RouteArgs<'interrupt'>) {
      const reply = await ask({ host, id, type: 'interrupting' }, { type: 'interrupt', turn })
      return reply.turn === undefined ? {} : { turn: reply.turn }
    },
    async answerPermission({ id, ...answer }: RouteArgs<'answerPermission'>) {
      const input = { type: 'permission-answered', ...answer } as const
      const reply = await ask({ host, id, type: 'answered' }, input)
      return { optionId: reply.optionId, by: reply.by }
    },
    async events({ id, after, limit }: RouteArgs<'events'>) {
      existing(host, id)
      await changesKnown({ host, id })
      // It may have been deleted meanwhile.
      existing(host, id)
      const events = pageOfEvents(host, id, { after, limit })
      const { seq } = host.read(id).head
      const first = host.first(id) ?? 0
      return { events, seq, ...(first > after + 1 ? { trimmedTo: first - 1 } : {}) }
    },
  }
}

function promptHandlers({ host, links }: HandlerOptions) {
  const prompt = async (id: string, input: SessionInput) =>
    (await ask({ host, id, type: 'prompt' }, input)).prompt
  return {
    prompt({ id, steer, ...body }: RouteArgs<'prompt'>) {
      links.announce(id, body.promptId)
      return prompt(id, {
        type: 'prompt-submitted',
        prompt: promptText(body),
        ...(steer === undefined ? {} : { steer }),
      })
    },
    attachment({ id, attachmentId }: RouteArgs<'attachment'>) {
      existing(host, id)
      const found = attachmentOf(host, id, attachmentId)
      if (found !== undefined) return found
      throw new RefusalError(
        'attachment-not-found',
        `Session ${id} has no attachment ${attachmentId}.`,
      )
    },
    getPrompt: ({ id, promptId }: RouteArgs<'getPrompt'>) =>
      prompt(id, { type: 'prompt-looked-up', promptId }),
    editPrompt: ({ id, promptId, text, position }: RouteArgs<'editPrompt'>) =>
      prompt(id, { type: 'prompt-edited', promptId, text, position }),
    cancelPrompt: ({ id, promptId }: RouteArgs<'cancelPrompt'>) =>
      prompt(id, { type: 'prompt-cancelled', promptId }),
  }
}

/** Folders of this machine, and what becomes of one with its session. */
function folderHandlers({ host, folders }: HandlerOptions) {
  return {
    // Where runners are elsewhere nothing is known of their folders.
    place: ({ path }: RouteArgs<'place'>) => folders?.place(path) ?? { exists: true, sessions: [] },
    async deleteSession({ id, discard }: RouteArgs<'deleteSession'>) {
      if (discard === 'true') {
        await ask({ host, id, type: 'done' }, { type: 'delete', discard: true })
        return { ok: true as const }
      }
      // Also of one that is deleted already: an answer that was lost is asked for again.
      const left = await folders?.left(id)
      await ask({ host, id, type: 'done' }, { type: 'delete' })
      return { ok: true as const, ...(left === undefined ? {} : { left }) }
    },
  }
}

/** What a session waits for, what a person may decide about it, and who is told of it. */
function waitingHandlers({ host, clock, proofs, deadlines, folders }: HandlerOptions) {
  return {
    why({ id }: RouteArgs<'why'>) {
      existing(host, id)
      return whyOf(host.read(id), clock(), { id, proofs: proofs(id), deadlines })
    },
    async resolveTurn({ id, ...decision }: RouteArgs<'resolveTurn'>) {
      const { action, promptId } = await ask(
        { host, id, type: 'resolved' },
        { type: 'turn-resolved', ...decision },
      )
      return { action, promptId }
    },
    async resumeQueue({ id, turn }: RouteArgs<'resumeQueue'>) {
      await ask({ host, id, type: 'done' }, { type: 'resume-queue', turn })
      return sessionAt(host, id)
    },
    callbacks({ id }: RouteArgs<'callbacks'>) {
      existing(host, id)
      const state = host.read(id)
      const { callback } = state.settings
      return {
        ...(callback === undefined ? {} : { url: callback.url }),
        callbacks: [...callbacksOf(state, id)],
      }
    },
    async restore({ id, turn, to, take }: RouteArgs<'restore'>) {
      existing(host, id)
      await refuseBeside(folders, id)
      const input = { type: 'restore', turn, to, take } as const
      const reply = await ask({ host, id, type: 'restoring' }, input)
      return { turn: reply.turn, to: reply.to }
    },
    async planRestore({ id, turn, to }: RouteArgs<'planRestore'>) {
      const input = { type: 'plan-restore', turn, to } as const
      await ask({ host, id, type: 'planning' }, input)
      return planOnceMade({ host, id, turn, to, msMax: planMsMax(deadlines) })
    },
    async turnChanges({ id, turn }: RouteArgs<'turnChanges'>) {
      existing(host, id)
      await changesKnown({ host, id, turn })
      const input = { type: 'changes-looked-up', turn } as const
      const { seq } = await ask({ host, id, type: 'changes' }, input)
      return changesAt(host, id, { turn, seq })
    },
    async resendCallback({ id, callbackId }: RouteArgs<'resendCallback'>) {
      const input = { type: 'callback-resent', callbackId } as const
      return (await ask({ host, id, type: 'callback' }, input)).callback
    },
  }
}

function otherHandlers(options: HandlerOptions) {
  const { tickets, clock, agents, agentProblems, version, deadlines, started } = options
  return {
    settings: () => ({ version, protocol: protocolVersion, deadlines, limits, ...started }),
    ticket: () => tickets.issue(clock()),
    agents() {
      const problems = agentProblems?.() ?? []
      return {
        agents: agents().map((agent) => foundAgentSchema.parse(agent)),
        ...(problems.length === 0 ? {} : { problems: [...problems] }),
      }
    },
    health: () => ({ ok: true as const }),
    version: () => ({ version, protocol: protocolVersion }),
  }
}

interface Asked<Type> {
  readonly host: SessionHost
  readonly id: string
  /** The reply that answers it. */
  readonly type: Type
}

/** Submits and unwraps: a refusal is thrown, any other reply must be the one expected. */
async function ask<Type extends SessionReply['type']>(
  { host, id, type }: Asked<Type>,
  input: SessionInput,
): Promise<Extract<SessionReply, { type: Type }>> {
  const reply = await host.submit(id, input)
  if (reply.type === 'refused') throw RefusalError.of(reply.refusal, reply.limit)
  if (!isReply(reply, type)) throw new Error(`expected ${type}, got ${reply.type}`)
  return reply
}

function sessionAt(host: SessionHost, id: string) {
  const state = host.read(id)
  return { ...viewOf(state, id), seq: state.head.seq }
}

function existing(host: SessionHost, id: string): void {
  const state = host.read(id)
  const { type } = state.lifecycle
  if (type === 'absent') throw new RefusalError('session-not-found', `There is no session ${id}.`)
  if (type === 'deleted') throw new RefusalError('session-deleted', deletedSentence(state))
}

function isReply<Type extends SessionReply['type']>(
  reply: SessionReply,
  type: Type,
): reply is Extract<SessionReply, { type: Type }> {
  return reply.type === type
}

function knownAgent(agents: readonly FoundAgent[], name: string): void {
  const agent = agents.find((candidate) => candidate.name === name)
  if (agent === undefined) {
    throw new RefusalError(
      'agent-not-found',
      `There is no agent "${name}"; known are ${agents.map((known) => known.name).join(', ')}.`,
    )
  }
  if (agent.found) return
  const missing = agent.missing.length === 0 ? '' : `: ${agent.missing.join('; ')}`
  throw new RefusalError('agent-not-found', `${agent.title} is not on this machine${missing}.`)
}

/** Sortable by time, so that a list of ids reads as a history. */
function newSessionId(now: number): string {
  return `s${now.toString(36)}${randomBytes(5).toString('hex')}`
}

/** A token is sealed before it is anywhere. */
function sealedWorkspace(body: CreateBody['workspace'], seal: Seal) {
  if (body.type === 'folder') return { workspace: body }
  const { token, ...workspace } = body
  if (token === undefined) return { workspace }
  return { workspace, sealedToken: seal.close(token, gitPlace(workspace.url)) }
}

function createInput(
  body: CreateBody & { readonly id: string },
  callbacks: Callbacks,
  seal: Seal,
): SessionInput {
  const { agent, title, prompt, callback, setup, finish, goOn } = body
  const { workspace, ...sealed } = sealedWorkspace(body.workspace, seal)
  const asked: unknown[] = [agent, workspace, title, prompt]
  if (setup !== undefined || finish !== undefined) asked.push(setup, finish)
  if (goOn !== undefined) asked.push({ goOn })
  if ('token' in body.workspace && body.workspace.token !== undefined)
    asked.push(seal.mark(body.workspace.token))
  if (callback !== undefined) asked.push(callback.url, callbacks.mark(callback.secret))
  const called = title ?? titleOf(prompt?.text, workspace)
  return {
    type: 'create',
    agent,
    workspace: named(workspace, called, body.id),
    ...sealed,
    setup,
    finish,
    goOn,
    title: called,
    digest: digestOf(JSON.stringify(asked)),
    prompt: prompt === undefined ? undefined : promptText(prompt),
    ...(callback === undefined ? {} : { callback: callbacks.admit(callback) }),
  }
}

/** A worktree whose branch a person does not name gets one that nobody else has. */
function named<Body extends CreateBody['workspace']>(
  workspace: Body,
  title: string,
  id: string,
): Body {
  if (workspace.type !== 'folder' || workspace.worktree === undefined) return workspace
  const { worktree } = workspace
  const branch = (worktree === true ? undefined : worktree.branch) ?? branchFor(title, id)
  return { ...workspace, worktree: { branch } }
}

/** @throws when this server may not begin it */
async function admitNew(options: HandlerOptions, { agent, workspace }: CreateBody): Promise<void> {
  const { host, agents, folders, sessionsKeptMax = limits.sessionsKeptMax } = options
  const kept = host.count()
  if (kept >= sessionsKeptMax)
    throw new RefusalError(
      'sessions-full',
      `This server holds ${kept} sessions, and ${sessionsKeptMax} may be there at once; nothing was started.`,
      { limit: sessionsKeptMax },
    )
  if ('name' in agent) knownAgent(agents(), agent.name)
  await allowed(folders, workspace)
}

/** @throws when no session may work there */
async function allowed(
  folders: Folders | undefined,
  workspace: CreateBody['workspace'],
): Promise<void> {
  const refusal = workspace.type === 'folder' ? await folders?.refusal(workspace.path) : undefined
  if (refusal === undefined) return
  throw new RefusalError('bad-request', refusal)
}

/** @throws while another session works on the same files */
async function refuseBeside(folders: Folders | undefined, id: string): Promise<void> {
  const beside = await folders?.beside(id)
  if (beside === undefined) return
  throw new RefusalError(
    'folder-busy',
    `Session “${beside.title}” (${beside.id}) has a turn running in the same folder, so nothing was put back.`,
  )
}

function titleOf(text: string | undefined, workspace: CreateBody['workspace']): string {
  const place = workspace.type === 'folder' ? workspace.path : workspace.url
  const name = place.split(/[\\/]/).findLast((part) => part !== '') ?? place
  const line = text?.trim().split('\n')[0] ?? name
  const max = limits.titleCharsMax / 2
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}

function promptText({
  promptId,
  text,
  attachments: bodies,
}: NonNullable<CreateBody['prompt']>): PromptText {
  const attachments = namedAttachments(promptId, bodies)
  const digest = digestOf(attachments === undefined ? text : JSON.stringify([text, attachments]))
  return { promptId, text, digest, ...(attachments === undefined ? {} : { attachments }) }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function pageOfEvents(
  host: SessionHost,
  id: string,
  { after, limit }: { after: number; limit: number },
): SessionEvent[] {
  const events: SessionEvent[] = []
  for (const segment of host.log(id, after, limits.pageBytesMax)) {
    const inside: SessionEvent[] = JSON.parse(`[${segment.text}]`)
    events.push(...inside.filter(({ seq }) => seq > after))
    if (events.length >= limit) break
  }
  return events.slice(0, limit)
}

/** What a turn changed, from the one event that says so; one that is not kept any more is not the same as nothing. */
function changesAt(
  host: SessionHost,
  id: string,
  { turn, seq }: { turn: number; seq: number | undefined },
): RouteAnswer<'turnChanges'> {
  if (seq === undefined) return { turn, files: [], patch: '' }
  const [event] = pageOfEvents(host, id, { after: seq - 1, limit: 1 })
  if (event?.type !== 'turn-changes' || event.seq !== seq) {
    const why = 'the beginning of the log, where it stood, is not kept any more.'
    return { turn, files: [], patch: '', problem: unknownChanges(turn, why).problem }
  }
  const { files, more, patch, notes, problem } = event
  return { turn, files, more, patch, notes, problem }
}
