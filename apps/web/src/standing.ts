/**
 * The one line that says how things stand: a pure function of what is known, so that no two places can differ.
 *
 * The line to the server comes first: while it is down, all else is of the past. Then the runner, the agent's process,
 * and what the session waits for.
 *
 * Invariants:
 * - W-9 An interruption shorter than `quietMs` is not spoken of.
 * - W-10 While the next try is waited for, it is said how long, and that it can be now.
 * - W-62 A failed preparation is told by its card where that is shown, and by this line anywhere else.
 * - W-37 At any time there is one word and one sentence, and what is waited for has its time.
 */
import { serverAwayWords } from '@belay/client'
import type { AgentLink, SessionSummary, SessionView } from '@belay/protocol'
import type { LinkView } from './link-view.ts'
import { statusReason, statusWords, type Tone } from './status-words.ts'

/** Shorter interruptions (a restart of the server, a change of network) are over before they are read. */
export const quietMs = 2000
/** A server that is restarted is back by then; after it the word is another one. */
export const awayMs = 15_000
/** A silent agent is spoken of after a minute, in the colour of a warning after five. */
const agentQuietMs = 60_000
const agentQuietWarnMs = 5 * 60_000

/** What is known of the session: of its own stream, or before that of the list. */
export type KnownSession = SessionSummary &
  Partial<Pick<SessionView, 'turn' | 'runner' | 'permissions' | 'restore' | 'agentLink'>>

export interface StandingFacts {
  readonly session: KnownSession | undefined
  readonly link: LinkView
  /** Whether this device says it has a network. */
  readonly online: boolean
  /** When the log's last event was stored. */
  readonly lastEventAt: number | undefined
  /** What the open tools are called, the first one first. */
  readonly toolTitles: readonly string[]
  /** How much of the running turn's time a person was waited for. */
  readonly waitedMs?: number
  /** Whether the card of a failed preparation is on the screen: it says why, so this line need not. */
  readonly cardShown?: boolean
  readonly now: number
}

export interface Standing {
  readonly tone: Tone
  readonly word: string
  readonly reason: string
  /** Set while the line to the server is down: whether trying at once is something a person can ask for. */
  readonly retry?: 'possible' | 'under-way'
  /** Whether the agent's process can be started at once, because a person says so. */
  readonly canRestart?: true
  /** What is counted from, for a time beside the sentence. */
  readonly since?: number
}

export function standingOf(facts: StandingFacts): Standing {
  return linkStanding(facts) ?? sessionStanding(facts)
}

/** @returns undefined when there is nothing to say of it */
export function linkStanding(
  facts: Pick<StandingFacts, 'link' | 'online' | 'now' | 'session'>,
): Standing | undefined {
  const { link: view, online, now, session } = facts
  const { link, downSince } = view
  if (downSince === undefined || now - downSince < quietMs) return undefined
  const left =
    link.nextAt === undefined ? undefined : Math.max(1, Math.ceil((link.nextAt - now) / 1000))
  const trying = link.state === 'connecting' || left === undefined
  const retry = trying ? 'under-way' : 'possible'
  const next = trying ? 'trying now' : `next try in ${left} s`
  const known = session === undefined ? '' : ` What you see is from before.`
  const goesOn = `${serverAwayWords('The server')} ${capital(next)}.${known}`
  if (!online)
    return {
      tone: 'away',
      word: 'Offline',
      reason: `This device has no network; it reconnects by itself, ${next}.${known}`,
      retry,
    }
  if (now - downSince < awayMs) return { tone: 'away', word: 'Reconnecting', reason: goesOn, retry }
  return { tone: 'away', word: 'Server away', reason: goesOn, retry, since: downSince }
}

function sessionStanding(facts: StandingFacts): Standing {
  const { session, lastEventAt, toolTitles, cardShown, now } = facts
  if (session === undefined)
    return { tone: 'busy', word: 'Opening', reason: 'The session is being read.' }
  const plain = { ...statusWords(session), reason: statusReason(session) }
  const agent = agentStanding(session, now)
  if (agent !== undefined) return agent
  switch (session.status) {
    case 'recovering':
      return runnerStanding(session, now) ?? plain
    case 'working':
      return quietStanding(session, lastEventAt, now) ?? withTurn(facts, plain)
    case 'waiting-tool':
      return withTurn(facts, { ...plain, reason: toolReason(toolTitles) ?? plain.reason })
    case 'waiting-person': {
      const asked = session.permissions?.[0]
      return asked === undefined ? plain : { ...plain, since: asked.askedAt }
    }
    case 'starting':
    case 'stopping':
      return withTurn(facts, plain)
    case 'undecided':
    case 'idle':
      return session.restore === undefined
        ? plain
        : { tone: 'busy', word: 'Restoring', reason: plain.reason, since: session.restore.since }
    case 'attention':
      return cardShown === true ? { ...plain, reason: 'It waits until you retry.' } : plain
    case 'preparing':
    case 'deleted':
      return plain
  }
}

/** With how long the turn has been worked on. */
function withTurn({ session, waitedMs = 0 }: StandingFacts, standing: Standing): Standing {
  const turn = session?.turn
  return turn === undefined ? standing : { ...standing, since: turn.startedAt + waitedMs }
}

function runnerStanding({ runner }: KnownSession, now: number): Standing | undefined {
  if (runner?.state !== 'lost' || runner.graceUntil === undefined) return undefined
  const left = Math.ceil((runner.graceUntil - now) / 1000)
  return {
    tone: 'person',
    word: statusWords({ status: 'recovering' }).word,
    reason:
      left > 0
        ? `Connection to the agent lost. Waiting ${left} s more; its output is kept.`
        : 'Connection to the agent lost. What became of the turn is being found out.',
  }
}

/** How it stands with the agent's process, where that is what is waited for. @returns undefined where it is not */
function agentStanding({ status, agentLink }: KnownSession, now: number): Standing | undefined {
  if (agentLink === undefined || untouched.has(status)) return undefined
  const cause = agentLink.cause?.title ?? 'The agent stopped.'
  const tries = `${agentLink.attempt} of ${agentLink.attemptsMax}`
  const act = agentLink.actions.some((action) => restarts.has(action)) ? { canRestart } : {}
  switch (agentLink.state) {
    case 'backoff': {
      const left = Math.max(1, Math.ceil(((agentLink.nextRetryAt ?? now) - now) / 1000))
      const reason = `${cause} It starts again in ${left} s (${tries}).`
      return { tone: 'person', word: 'Agent restarting', reason, ...act }
    }
    case 'starting': {
      const { notice } = agentLink
      if (agentLink.attempt === 0)
        return notice === undefined
          ? undefined
          : { tone: 'person', word: 'Agent starting', reason: notice, since: agentLink.since }
      const reason = `${cause} ${notice ?? `It is starting (${tries}).`}`
      return { tone: 'person', word: 'Agent restarting', reason }
    }
    case 'degraded':
      return { tone: 'person', word: 'Agent out of touch', reason: cause, ...act }
    case 'blocked':
    case 'failed':
      return { tone: 'bad', word: 'Agent failed', reason: cause, ...act }
    case 'idle':
    case 'ready':
    case 'stopping':
    case 'disposed':
      return undefined
  }
}

const canRestart = true as const
const restarts: ReadonlySet<AgentLink['actions'][number]> = new Set([
  'restart-now',
  'restart',
  'retry',
])
/** What these say comes before the agent: its process is not there yet, or not the matter. */
const untouched: ReadonlySet<SessionSummary['status']> = new Set([
  'preparing',
  'attention',
  'recovering',
  'waiting-person',
  'stopping',
  'deleted',
])

function quietStanding(
  { turn }: KnownSession,
  lastEventAt: number | undefined,
  now: number,
): Standing | undefined {
  if (turn === undefined || lastEventAt === undefined) return undefined
  const since = Math.max(lastEventAt, turn.startedAt)
  const quiet = now - since
  if (quiet < agentQuietMs) return undefined
  return {
    tone: quiet < agentQuietWarnMs ? 'busy' : 'person',
    word: 'Agent quiet',
    reason: `No sign for ${Math.floor(quiet / 60_000)} min, and nothing is asked or run. It may be thinking: wait, steer it, or stop it.`,
    since: turn.startedAt,
  }
}

function toolReason([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined) return undefined
  return others.length === 0 ? first : `${first}, and ${others.length} more`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
