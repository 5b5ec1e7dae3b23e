/**
 * Callbacks: telling somebody's program that a turn ended, until it has heard or it is given up visibly.
 *
 * Owns: when it is tried. The signed request itself is the server's. One entry for each ended turn, the latest
 * `callbacksKeptMax` of them.
 *
 * - S-40 The end of a turn and the intent to tell it are one commit; an attempt that began is made again by every start
 *   until its outcome is in.
 * - S-41 A failed attempt is made again after 5 s, then after twice as long each time up to an hour; after `callbackMs`
 *   it is given up with an event, and a person can still have it sent again.
 */
import { type CallbackState, endOf, limits, type OwnEvent } from '@belay/protocol'
import { type Change, ignore, log, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import type { Callback, SessionState } from './state.ts'
import { undecidedView } from './undecided.ts'

type Tried = Extract<SessionInput, { type: 'callback-tried' }>
type TurnEnded = Extract<OwnEvent, { type: 'turn-ended' }>

const firstWaitMs = 5000
const waitMsMax = 60 * 60_000

function callbackIdOf(session: string, turn: number): string {
  return `turn_${session}_${turn}`
}

/** A turn ended: whoever asked to be told of it will be. */
export function announce(change: Change, ended: TurnEnded): void {
  if (change.state.settings.callback === undefined) return
  const { turn, promptId, code, detail, reached } = ended
  makeRoom(change)
  const callback: Callback = {
    turn,
    promptId,
    code,
    detail: detail?.slice(0, limits.callbackDetailCharsMax),
    reached,
    endedAt: change.now,
    ...openDecisions(change.state),
    ...fresh(change),
    attempts: 0,
    problem: undefined,
    phase: { type: 'waiting', nextAt: change.now },
  }
  set(change, 'callbacks', [...change.state.callbacks, callback])
  attempt(change, callback)
}

function openDecisions(state: SessionState): Pick<Callback, 'undecided' | 'held'> {
  const { undecided, held } = undecidedView(state)
  if (undecided === undefined) return {}
  const turns = undecided.turns.map(({ turn }) => turn)
  return { undecided: turns, ...(held === undefined ? {} : { held }) }
}

/** How often and how long from here on. */
function fresh(change: Change): Pick<Callback, 'waitMs' | 'giveUpAt'> {
  return { waitMs: firstWaitMs, giveUpAt: change.now + change.deadlines.callbackMs }
}

function attempt(change: Change, callback: Callback): Callback {
  const { callback: target } = change.state.settings
  if (target === undefined) return callback
  const attempts = callback.attempts + 1
  const sending: Callback = { ...callback, attempts, phase: { type: 'sending' } }
  replace(change, sending)
  const { turn, promptId, code, detail, reached, endedAt, undecided, held } = callback
  change.must.push({
    key: keyOf(turn),
    effect: {
      type: 'deliver-callback',
      turn,
      attempt: attempts,
      callbackId: callbackIdOf(change.id, turn),
      target,
      tryMs: change.deadlines.callbackTryMs,
      endedAt,
      data: {
        session: change.id,
        turn,
        promptId,
        ...endOf(code, reached, detail),
        ...(undecided === undefined ? {} : { undecided: [...undecided] }),
        ...(held === undefined ? {} : { held }),
      },
    },
  })
  return sending
}

/** What came of an attempt. */
export function callbackTried(change: Change, input: Tried): SessionReply {
  const callback = change.state.callbacks.find(({ turn }) => turn === input.turn)
  if (callback?.phase.type !== 'sending' || callback.attempts !== input.attempt)
    return ignore('not the attempt under way')
  change.settle.push(keyOf(callback.turn))
  const { now } = change
  const { problem } = input
  if (problem === undefined)
    settle(change, { ...callback, problem, phase: { type: 'delivered', at: now } })
  else if (now + callback.waitMs > callback.giveUpAt) giveUp(change, { ...callback, problem })
  else
    replace(change, {
      ...callback,
      problem,
      waitMs: Math.min(callback.waitMs * 2, waitMsMax),
      phase: { type: 'waiting', nextAt: now + callback.waitMs },
    })
  return { type: 'done' }
}

export function resendCallback(change: Change, callbackId: string): SessionReply {
  const callback = change.state.callbacks.find(
    ({ turn }) => callbackIdOf(change.id, turn) === callbackId,
  )
  if (callback === undefined)
    return refuse('callback-not-found', `This session has no callback ${callbackId}.`)
  const sending =
    callback.phase.type === 'sending'
      ? callback
      : attempt(change, { ...callback, ...fresh(change) })
  return { type: 'callback', callback: callbackView(change.id, sending) }
}

/** Attempts that wait for their time. */
export function waitingCallbacks(
  state: SessionState,
): readonly { readonly at: number; readonly turn: number }[] {
  return state.callbacks.flatMap(({ turn, phase }) =>
    phase.type === 'waiting' ? [{ at: phase.nextAt, turn }] : [],
  )
}

export function ringCallback(change: Change, turn: number): void {
  const callback = change.state.callbacks.find((one) => one.turn === turn)
  if (callback?.phase.type === 'waiting') attempt(change, callback)
}

/** The newest first. */
export function callbacksOf(state: SessionState, id: string): readonly CallbackState[] {
  return state.callbacks.map((callback) => callbackView(id, callback)).toReversed()
}

function callbackView(id: string, callback: Callback): CallbackState {
  const { turn, attempts, endedAt, phase, problem } = callback
  return {
    callbackId: callbackIdOf(id, turn),
    turn,
    state: phase.type,
    attempts,
    endedAt,
    ...(phase.type === 'waiting' ? { nextAt: phase.nextAt } : {}),
    ...('at' in phase ? { settledAt: phase.at } : {}),
    ...(problem === undefined ? {} : { problem }),
  }
}

/** A session ended more turns than are kept: what was settled goes first, else the oldest is given up. */
function makeRoom(change: Change): void {
  const { callbacks } = change.state
  if (callbacks.length < limits.callbacksKeptMax) return
  const settled = callbacks.find(({ phase }) => 'at' in phase)
  const oldest = settled ?? callbacks[0]
  if (oldest === undefined) return
  if (settled === undefined) {
    change.settle.push(keyOf(oldest.turn))
    giveUp(change, { ...oldest, problem: 'Too many later turns wait to be told.' })
  }
  drop(change, oldest.turn)
}

function giveUp(change: Change, callback: Callback): void {
  const { turn, attempts, problem } = callback
  settle(change, { ...callback, phase: { type: 'failed', at: change.now } })
  // What is deleted has no log any more.
  if (change.state.lifecycle.type === 'deleted') return
  log(change, {
    type: 'callback-failed',
    callbackId: callbackIdOf(change.id, turn),
    turn,
    attempts,
    message: problem ?? '',
  })
}

function settle(change: Change, callback: Callback): void {
  if (change.state.lifecycle.type === 'deleted') drop(change, callback.turn)
  else replace(change, callback)
}

function drop(change: Change, turn: number): void {
  set(
    change,
    'callbacks',
    change.state.callbacks.filter((one) => one.turn !== turn),
  )
}

function replace(change: Change, callback: Callback): void {
  set(
    change,
    'callbacks',
    change.state.callbacks.map((one) => (one.turn === callback.turn ? callback : one)),
  )
}

function keyOf(turn: number): string {
  return `callback:${turn}`
}
