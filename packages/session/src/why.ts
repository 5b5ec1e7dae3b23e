/**
 * "Why is it waiting?": one sentence and the last proof of life of each hop, derived from the state, from what the server
 * can see, and from the time. Nothing of it is stored.
 *
 * - S-33 At any time a session has one whole sentence that says what it waits for, since when, and what ends the waiting.
 */
import { type Deadlines, type HopState, resolutionsOf, type Why } from '@belay/protocol'
import { dues } from './alarm.ts'
import { beside, linkReason, linkSentence } from './link.ts'
import { type ActiveTurn, restoreUnderWay, type SessionState } from './state.ts'
import { heldPrompts, holdingTurns, undecidedWords } from './undecided.ts'
import { besides, fullDisk, reasonOf, statusOf } from './view.ts'

/** What only the server can see. Times are milliseconds since the epoch. */
export interface Proofs {
  readonly serverSince: number
  /** The last byte of the runner's socket. */
  readonly linkHeardAt: number | undefined
  /** Whoever holds the lock of the runner's folder, where that can be seen. */
  readonly runner: { readonly pid: number; readonly since: number } | 'unknown' | undefined
}

export interface WhyOptions {
  readonly id: string
  readonly proofs: Proofs
  readonly deadlines: Deadlines
}

/** Below this nobody would call it silence. */
const silentMs = 10_000

export function whyOf(state: SessionState, now: number, options: WhyOptions): Why {
  return {
    session: options.id,
    at: now,
    status: statusOf(state),
    sentence: `${sentenceOf(state, now, options.deadlines)}${besides(state, statusOf(state))}`,
    hops: hopsOf(state, now, options.proofs),
  }
}

function sentenceOf(state: SessionState, now: number, deadlines: Deadlines): string {
  const { lifecycle, runner, turn, changes } = state
  const status = statusOf(state)
  const reason = reasonOf(state, status)
  const ago = (at: number) => spell(now - at)
  // A start that takes long names its own span, and two would be one too many.
  const end = state.agent.link?.notice === undefined ? givenUp(state, now, deadlines) : ''
  const full = fullDisk(state, status)
  if (full !== undefined) return full
  switch (status) {
    case 'deleted':
      return reason
    case 'attention':
      return `${reason} It waits for a person: retry, or send a prompt.`
    case 'preparing': {
      const step = lifecycle.type === 'preparing' ? lifecycle.steps.at(-1) : undefined
      // How the agent's start goes has its own times, and more than one process may have been started in the step.
      const isOfAgent = step?.step === 'agent-start' || step?.step === 'agent-session'
      const told = isOfAgent && linkReason(state) !== undefined
      const since = step === undefined || told ? '' : ` The step began ${ago(step.since)} ago.`
      return `${reason}${since}${end}`
    }
    case 'recovering': {
      if (runner.type !== 'lost') return reason
      const what =
        runner.restart === true ? 'The server was started again' : 'Connection to the agent lost'
      const left =
        runner.waiting === 'facts'
          ? 'What became of it is being found out'
          : `Waiting ${spell(runner.deadline - now)} more`
      return `${what} ${ago(runner.since)} ago. ${left}; the agent’s output is kept.`
    }
    case 'starting':
      if (linkSentence(state, now) !== undefined) return `${linkSentence(state, now)}${end}`
      if (changes.type === 'due') return `${reason}${end}`
      return turn.type === 'active'
        ? `The prompt was handed over ${ago(turn.startedAt)} ago, and the agent has not taken it yet.${end}`
        : reason
    case 'stopping':
      return `${reason}${end}`
    case 'waiting-person': {
      const asked = state.permissions[0]
      return asked === undefined ? reason : `${reason} (asked ${ago(asked.askedAt)} ago).${end}`
    }
    case 'waiting-tool':
      return turn.type === 'active' ? `${toolSentence(turn, now)}${end}` : reason
    case 'working': {
      const silence = now - state.head.progressAt
      if (silence < silentMs)
        return `The agent is working; its last sign was ${spell(silence)} ago.`
      return `The agent has been silent for ${spell(silence)}; no tool is running and nobody is asked.${end}`
    }
    case 'undecided':
    case 'idle': {
      const restore = restoreUnderWay(state)
      if (restore !== undefined)
        return `${reason} It was asked for ${ago(restore.since)} ago.${end}`
      return status === 'undecided'
        ? decideSentence(state, now)
        : idleSentence(state, now, deadlines)
    }
  }
}

function toolSentence({ openTools }: ActiveTurn, now: number): string {
  const [first] = openTools
  if (first === undefined) return ''
  const oldest = openTools.reduce((old, tool) => (tool.since < old.since ? tool : old), first)
  const name = oldest.title === undefined ? 'A tool' : `The tool “${oldest.title}”`
  const others = openTools.length - 1
  const more = others === 0 ? '' : ` and ${others} more`
  const verb = others === 0 ? 'has' : 'have'
  return `${name}${more} ${verb} been running for ${spell(now - oldest.since)}.`
}

function idleSentence(state: SessionState, now: number, deadlines: Deadlines): string {
  const { queue, runner, head, changes } = state
  if (queue.length > 0) return 'The agent is being let go; the next prompt starts it again.'
  if (runner.type === 'none')
    return 'Asleep; the next prompt wakes the agent with its conversation.'
  const link = linkSentence(state, now)
  if (link !== undefined) return link
  if (runner.type !== 'linked' || runner.closing) return 'Waiting for the next prompt.'
  if (changes.type === 'due')
    return `Waiting for the next prompt; what turn ${changes.turn} changed is being looked at.`
  const left = head.progressAt + deadlines.idleMs - now
  return `Waiting for the next prompt; without one the agent is let go in ${spell(left)}.`
}

/** What can be decided about the turn that is asked about, the latest of several. */
function decideSentence(state: SessionState, now: number): string {
  const words = undecidedWords(state)
  const link = linkSentence(state, now)
  const last = holdingTurns(state).at(-1) ?? state.undecided.turns.at(-1)
  if (last === undefined) return beside(state, words, link)
  const ways = { continue: 'continue', 'send-again': 'send it again', discard: 'leave it' }
  const offered = resolutionsOf(last.code, last.reached).map((action) => ways[action])
  const held = heldPrompts(state)
  const prompts = held === 1 ? 'the prompt' : 'the prompts'
  if (held > 0) offered.push(`let ${prompts} go on and decide later`)
  const list = `${offered.slice(0, -1).join(', ')}, or ${offered.at(-1)}`
  return beside(state, `${words} It ended ${spell(now - last.endedAt)} ago: ${list}.`, link)
}

/** What ends the waiting if nothing else does. */
function givenUp(state: SessionState, now: number, deadlines: Deadlines): string {
  const next = dues(state, deadlines)
    .filter(({ type }) => type !== 'callback' && type !== 'prompt' && type !== 'changes')
    .toSorted((a, b) => a.at - b.at)[0]
  if (next === undefined) return ''
  const left = `in ${spell(next.at - now)}`
  switch (next.type) {
    case 'turn':
      return next.code === 'interrupt-forced'
        ? ` It is ended ${left}.`
        : ` Without a sign it is given up ${left}.`
    case 'dial':
    case 'preparation':
      return ` It is given up ${left}.`
    case 'grace':
      return ` It is looked for ${left}.`
    case 'closing':
      return ` It is ended ${left}.`
    case 'restore':
      return ` It is given up ${left}.`
    case 'permission':
      return ` The agent hears that nobody answers ${left}.`
    case 'idle':
    case 'prompt':
    case 'changes':
    case 'callback':
      return ''
  }
}

// Hops, from the person's side to the model.

function hopsOf(state: SessionState, now: number, proofs: Proofs): HopState[] {
  const { turn, permissions } = state
  return [
    hop(
      'server',
      'alive',
      proofs.serverSince,
      `The server has been running for ${spell(now - proofs.serverSince)}.`,
    ),
    linkHop(state, now, proofs),
    runnerHop(state, now, proofs),
    agentHop(state, now),
    turn.type === 'active' && turn.openTools.length > 0
      ? hop('tool', 'waited-for', turn.openTools[0]?.since, toolSentence(turn, now))
      : hop('tool', 'idle', undefined, 'No tool is running.'),
    permissions[0] === undefined
      ? hop('person', 'idle', undefined, 'Nobody is asked.')
      : hop(
          'person',
          'waited-for',
          permissions[0].askedAt,
          `Asked ${spell(now - permissions[0].askedAt)} ago: ${permissions[0].title}`,
        ),
    modelHop(state, now),
  ]
}

function linkHop({ runner }: SessionState, now: number, { linkHeardAt }: Proofs): HopState {
  switch (runner.type) {
    case 'none':
      return hop('link', 'idle', undefined, 'No connection is needed now.')
    case 'starting':
      return hop(
        'link',
        'waited-for',
        undefined,
        'Belay’s process beside the agent has not connected yet.',
      )
    case 'lost':
      return hop(
        'link',
        'gone',
        runner.since,
        `The connection broke ${spell(now - runner.since)} ago.`,
      )
    case 'linked': {
      if (linkHeardAt === undefined)
        return hop(
          'link',
          'waited-for',
          undefined,
          'Belay’s process beside the agent is connecting.',
        )
      const silence = now - linkHeardAt
      const state = silence < silentMs ? 'alive' : 'silent'
      return hop(
        'link',
        state,
        linkHeardAt,
        `Belay’s process beside the agent was last heard ${spell(silence)} ago.`,
      )
    }
  }
}

function runnerHop({ runner: wanted }: SessionState, now: number, { runner }: Proofs): HopState {
  if (runner === 'unknown')
    return hop(
      'runner',
      'silent',
      undefined,
      'Whether Belay’s process beside the agent is there cannot be seen now: its lock is busy, or the disk refuses.',
    )
  if (runner !== undefined)
    return hop(
      'runner',
      'alive',
      runner.since,
      `Belay’s process beside the agent (pid ${runner.pid}) has been running for ${spell(now - runner.since)}.`,
    )
  if (wanted.type === 'none')
    return hop('runner', 'idle', undefined, 'No process beside the agent is needed now.')
  if (wanted.type === 'starting')
    return hop(
      'runner',
      'waited-for',
      undefined,
      'Belay’s process beside the agent is being started.',
    )
  if (wanted.type === 'linked')
    return hop(
      'runner',
      'alive',
      undefined,
      'Belay’s process beside the agent is connected from another machine.',
    )
  return hop('runner', 'gone', undefined, 'Belay’s process beside the agent is not there any more.')
}

function agentHop({ agent, runner }: SessionState, now: number): HopState {
  if (runner.type === 'none') return hop('agent', 'idle', undefined, 'No agent is needed now.')
  const { process } = agent
  if (
    runner.type === 'starting' ||
    process === undefined ||
    !('prepared' in runner && runner.prepared)
  )
    return hop('agent', 'waited-for', undefined, 'The agent is not ready yet.')
  const past = spell(now - process.at)
  return process.type === 'running'
    ? hop('agent', 'alive', process.at, `The agent’s process has been ready for ${past}.`)
    : hop('agent', 'gone', process.at, `The agent’s process ended ${past} ago.`)
}

function modelHop({ turn, head, permissions }: SessionState, now: number): HopState {
  if (turn.type === 'none') return hop('model', 'idle', undefined, 'No turn is running.')
  if (!turn.sign)
    return hop(
      'model',
      'waited-for',
      turn.startedAt,
      'The agent has given no sign of the prompt yet.',
    )
  const silence = now - head.progressAt
  const said = `The agent’s last sign was ${spell(silence)} ago.`
  if (turn.openTools.length > 0 || permissions.length > 0)
    return hop('model', 'idle', head.progressAt, said)
  return hop('model', silence < silentMs ? 'alive' : 'silent', head.progressAt, said)
}

function hop(
  name: HopState['hop'],
  state: HopState['state'],
  at: number | undefined,
  sentence: string,
): HopState {
  return { hop: name, state, ...(at === undefined ? {} : { at }), sentence }
}

/** A span in the words people use: "3 s", "4 min", "2 h", "3 days". */
function spell(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
