/**
 * Turns: from handing a prompt to the runner to one visible end.
 *
 * - S-8 Only `endTurn` ends a turn. It acts on the active turn alone, so ending an ended turn changes nothing.
 * - S-9 Whatever hangs on a turn (deadlines, interrupt, permissions, tools) is part of it or withdrawn with it,
 *   and cannot reach the next.
 * - S-90 A prompt that the runner acknowledged before it was taken is logged as delivered, once.
 * - S-208 A question that a turn leaves without an answer says whether it was stopped, its agent ended, or it ended otherwise.
 * - S-10 A turn ended against the will of its agent gives up its runner: nothing of it goes on behind our back.
 */
import { endOf, endings, type EndingCode, type FinishResult } from '@belay/protocol'
import { announce } from './callback.ts'
import { type Change, log, post, refuse, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { withdrawPermissions } from './permission.ts'
import { failPreparation, releaseRunner } from './preparation.ts'
import { keepPrompt, keepTurn, keepTurnText } from './row.ts'
import {
  type ActiveTurn,
  takesCommands,
  type QueuedPrompt,
  restoreUnderWay,
  type SessionState,
} from './state.ts'
import { expectChanges } from './turn-changes.ts'
import { noteEnd } from './undecided.ts'
import { updateTurn } from './waiting.ts'

export function startTurn(change: Change, prompt: QueuedPrompt): void {
  const { turn, runner, queue } = change.state
  if (turn.type === 'active') return
  const active: ActiveTurn = {
    type: 'active',
    turn: turn.last + 1,
    promptId: prompt.promptId,
    digest: prompt.digest,
    generation: runner.generation,
    startedAt: change.now,
    phase: { type: 'starting', deadline: change.now + change.deadlines.turnStartMs },
    taken: false,
    sign: false,
    openTools: [],
    waitingSince: undefined,
    waitedMs: 0,
  }
  set(change, 'turn', active)
  set(change, 'queue', queue.slice(1))
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  keepPrompt(change, prompt.promptId, {
    digest: prompt.digest,
    state: 'started',
    turn: active.turn,
  })
  const { promptId, text, digest, attachments } = prompt
  const attached = attachments === undefined ? {} : { attachments: [...attachments] }
  keepTurnText(change, active.turn, { text, digest, ...attached })
  log(change, {
    type: 'turn-started',
    turn: active.turn,
    promptId: prompt.promptId,
    generation: active.generation,
  })
  post(change, { type: 'prompt', turn: active.turn, promptId, text, ...attached })
}

/** A prompt that came now would be handed over at once. */
export function couldStart(state: SessionState): boolean {
  const { lifecycle, turn, runner, queue } = state
  return (
    restoreUnderWay(state) === undefined &&
    lifecycle.type === 'ready' &&
    turn.type === 'none' &&
    queue.length === 0 &&
    takesCommands(runner)
  )
}

/** Once the runner has acknowledged the prompt of the running turn, that is said: a receipt for who sent it. */
export function noteDelivered(change: Change): void {
  const { turn, commands } = change.state
  // What took it has it: the earlier receipt would come after the later one.
  if (turn.type !== 'active' || turn.delivered || turn.taken) return
  const waits = commands.unacked.some(
    ({ message }) => message.type === 'prompt' && message.turn === turn.turn,
  )
  if (waits) return
  updateTurn(change, { delivered: true })
  log(change, { type: 'turn-delivered', turn: turn.turn })
}

/** Ends the active turn with a code of the table. The only function that does. */
export function endTurn(
  change: Change,
  code: EndingCode,
  detail?: string,
  finish?: FinishResult,
): void {
  const { turn } = change.state
  if (turn.type !== 'active') return
  withdrawPermissions(change, unanswered(code))
  const reached = turn.sign ? 'yes' : turn.taken ? 'maybe' : 'no'
  const end = endOf(code, reached, detail)
  set(change, 'turn', { type: 'none', last: turn.turn })
  const { outcome } = end
  const last = { turn: turn.turn, outcome, code, reached, endedAt: change.now } as const
  set(change, 'last', { type: 'ended', ...last })
  noteEnd(change, last, detail)
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  if (end.retryable) keepTurn(change, turn.turn, { code })
  else keepTurnText(change, turn.turn, undefined)
  keepPrompt(change, turn.promptId, {
    digest: turn.digest,
    state: 'ended',
    turn: turn.turn,
    ending: code,
  })
  const follows = expectChanges(change, turn)
  const ended = {
    type: 'turn-ended',
    turn: turn.turn,
    promptId: turn.promptId,
    ...end,
    ...(finish === undefined ? {} : { finish }),
    ...(follows ? { changesFollow: true as const } : {}),
  } as const
  log(change, ended)
  announce(change, ended)
}

const withItsAgent: ReadonlySet<EndingCode> = new Set([
  'agent-exited',
  'agent-start-failed',
  'runner-exited',
  'runner-lost',
  'in-doubt',
])

/** Why a question of a turn that ends has no answer. Before it was told apart, all that was said was "turn ended". */
function unanswered(code: EndingCode): 'interrupted' | 'agent ended' | 'turn ended' {
  if (code === 'interrupted' || code === 'interrupt-forced') return 'interrupted'
  return withItsAgent.has(code) ? 'agent ended' : 'turn ended'
}

/** Ends the active turn, if any, while its agent may still be at work: the runner goes with it. */
export function abandonTurn(change: Change, code: EndingCode, detail?: string): void {
  doubtTurn(change)
  endTurn(change, code, detail)
  failPreparation(change, { code, message: endings[code].sentence })
  releaseRunner(change)
}

/** The prompt is on its way to a runner that did not have the last word: it may be with the agent by now. */
export function doubtTurn(change: Change): void {
  updateTurn(change, { taken: true })
}

export function interrupt(change: Change, wanted: number | undefined): SessionReply {
  const { turn, lifecycle, runner } = change.state
  if (turn.type !== 'active') {
    if (wanted !== undefined) return refuse('turn-not-current', `Turn ${wanted} is not running.`)
    if (lifecycle.type === 'preparing') stopPreparation(change)
    return { type: 'interrupting', turn: undefined }
  }
  if (wanted !== undefined && wanted !== turn.turn) {
    return refuse('turn-not-current', `Turn ${wanted} is not running: turn ${turn.turn} is.`)
  }
  if (turn.phase.type === 'stopping') return { type: 'interrupting', turn: turn.turn }
  log(change, { type: 'interrupt-requested', turn: turn.turn })
  withdrawPermissions(change, 'interrupted')
  if (runner.type !== 'linked') {
    // Nobody is there to obey: the person is free at once, and whoever comes back is fenced.
    abandonTurn(
      change,
      'interrupted',
      'Belay had lost its process beside the agent; it is ended as soon as it is reached.',
    )
    return { type: 'interrupting', turn: turn.turn }
  }
  updateTurn(change, {
    phase: { type: 'stopping', deadline: change.now + change.deadlines.interruptMs },
  })
  post(change, { type: 'interrupt', turn: turn.turn })
  return { type: 'interrupting', turn: turn.turn }
}

function stopPreparation(change: Change): void {
  failPreparation(change, {
    code: 'stopped',
    message: 'A person stopped the preparation; what was asked is kept.',
  })
}
