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
import { limits, protocolVersion } from '@belay/protocol'
import {
  callbacksOf,
  type Proofs,
  type PromptText,
  type SessionInput,
  type SessionReply,
  viewOf,
  whyOf,
} from '@belay/session'
import type { Callbacks } from './callbacks.ts'
import { listSessions } from './list-viewer.ts'
import { RefusalError } from './problem.ts'
import type { Tickets } from './tokens.ts'
import type { SessionHost } from './viewer.ts'

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
  readonly version: string
  readonly callbacks: Callbacks
  /** What can be seen of a session's hops from here. */
  readonly proofs: (id: string) => Proofs
  readonly deadlines: Deadlines
}

export function createHandlers(options: HandlerOptions): Handlers {
  const { host, tickets, clock, agents, version } = options
  /** Submits and unwraps: a refusal is thrown, any other reply must be the one expected. */
  async function ask<Type extends SessionReply['type']>(
    id: string,
    input: SessionInput,
    type: Type,
  ) {
    const reply = await host.submit(id, input)
    if (reply.type === 'refused') throw RefusalError.of(reply.refusal, reply.limit)
    if (!isReply(reply, type)) throw new Error(`expected ${type}, got ${reply.type}`)
    return reply
  }
  function sessionAt(id: string) {
    const state = host.read(id)
    return { ...viewOf(state, id), seq: state.head.seq }
  }
  function existing(id: string): void {
    const { type } = host.read(id).lifecycle
    if (type === 'absent') throw new RefusalError('session-not-found', `There is no session ${id}.`)
    if (type === 'deleted') throw new RefusalError('session-deleted', `Session ${id} was deleted.`)
  }
  return {
    async createSession(body) {
      if ('name' in body.agent) knownAgent(agents(), body.agent.name)
      const id = body.id ?? newSessionId(clock())
      const reply = await ask(id, createInput(body, options.callbacks), 'created')
      return {
        session: sessionAt(id),
        ...(reply.promptId === undefined ? {} : { promptId: reply.promptId }),
      }
    },
    listSessions({ limit, before }) {
      const sessions = listSessions(host, limit, before)
      const last = sessions.at(-1)
      return {
        sessions,
        ...(sessions.length === limit && last !== undefined ? { next: last.id } : {}),
      }
    },
    getSession({ id }) {
      existing(id)
      return sessionAt(id)
    },
    async deleteSession({ id }) {
      await ask(id, { type: 'delete' }, 'done')
      return { ok: true }
    },
    async retry({ id }) {
      await ask(id, { type: 'retry' }, 'done')
      return sessionAt(id)
    },
    async prompt({ id, promptId, text, steer }) {
      const prompt = promptText(promptId, text)
      const how = steer === undefined ? {} : { steer }
      return (await ask(id, { type: 'prompt-submitted', prompt, ...how }, 'prompt')).prompt
    },
    async getPrompt({ id, promptId }) {
      return (await ask(id, { type: 'prompt-looked-up', promptId }, 'prompt')).prompt
    },
    async editPrompt({ id, promptId, text, position }) {
      return (await ask(id, { type: 'prompt-edited', promptId, text, position }, 'prompt')).prompt
    },
    async cancelPrompt({ id, promptId }) {
      return (await ask(id, { type: 'prompt-cancelled', promptId }, 'prompt')).prompt
    },
    async interrupt({ id, turn }) {
      const reply = await ask(id, { type: 'interrupt', turn }, 'interrupting')
      return reply.turn === undefined ? {} : { turn: reply.turn }
    },
    async resolveTurn({ id, turn, action, promptId }) {
      const reply = await ask(id, { type: 'turn-resolved', turn, action, promptId }, 'resolved')
      return { action: reply.action, promptId: reply.promptId }
    },
    why({ id }) {
      existing(id)
      const { proofs, deadlines } = options
      return whyOf(host.read(id), clock(), { id, proofs: proofs(id), deadlines })
    },
    callbacks({ id }) {
      existing(id)
      const state = host.read(id)
      const { callback } = state.settings
      return {
        ...(callback === undefined ? {} : { url: callback.url }),
        callbacks: [...callbacksOf(state, id)],
      }
    },
    async resendCallback({ id, callbackId }) {
      return (await ask(id, { type: 'callback-resent', callbackId }, 'callback')).callback
    },
    async answerPermission({ id, permissionId, optionId, by }) {
      const reply = await ask(
        id,
        { type: 'permission-answered', permissionId, optionId, by },
        'answered',
      )
      return { optionId: reply.optionId, by: reply.by }
    },
    events({ id, after, limit }) {
      existing(id)
      return { events: pageOfEvents(host, id, { after, limit }), seq: host.read(id).head.seq }
    },
    ticket: () => tickets.issue(clock()),
    agents: () => ({ agents: [...agents()] }),
    health: () => ({ ok: true }),
    version: () => ({ version, protocol: protocolVersion }),
  }
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
  if (!agent.found)
    throw new RefusalError(
      'agent-not-found',
      `${agent.title} is not on this machine: ${agent.missing.join('; ')}.`,
    )
}

/** Sortable by time, so that a list of ids reads as a history. */
function newSessionId(now: number): string {
  return `s${now.toString(36)}${randomBytes(5).toString('hex')}`
}

function createInput(body: CreateBody, callbacks: Callbacks): SessionInput {
  const { agent, workspace, title, prompt, callback } = body
  const asked: unknown[] = [agent, workspace, title, prompt]
  if (callback !== undefined) asked.push(callback.url, callbacks.mark(callback.secret))
  return {
    type: 'create',
    agent,
    workspace,
    title: title ?? titleOf(prompt?.text, workspace),
    digest: digestOf(JSON.stringify(asked)),
    prompt: prompt === undefined ? undefined : promptText(prompt.promptId, prompt.text),
    ...(callback === undefined ? {} : { callback: callbacks.admit(callback) }),
  }
}

function titleOf(text: string | undefined, workspace: CreateBody['workspace']): string {
  const place = workspace.type === 'folder' ? workspace.path : workspace.url
  const name = place.split(/[\\/]/).findLast((part) => part !== '') ?? place
  const line = text?.trim().split('\n')[0] ?? name
  const max = limits.titleCharsMax / 2
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}

function promptText(promptId: string, text: string): PromptText {
  return { promptId, text, digest: digestOf(text) }
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
