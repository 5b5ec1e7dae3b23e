/**
 * The one alarm: the minimum of all stored deadlines, computed from the state and never kept beside it.
 *
 * - S-21 A deadline that has not passed does nothing; one that has passed acts on what it belongs to, as that is now.
 * - S-31 What a runner that is away may have reported fails nothing: only its grace goes on.
 * - S-34 An agent without a turn is let go after `idleMs`, and never while something is open.
 */
import type { Deadlines, EndingCode } from '@belay/protocol'
import { ringCallback, waitingCallbacks } from './callback.ts'
import { type Change, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { expirePermission } from './permission.ts'
import { failPreparation, releaseRunner } from './preparation.ts'
import { expirePrompt } from './prompt.ts'
import { loseRunner } from './runner.ts'
import { type ActiveTurn, restoreUnderWay, type SessionState } from './state.ts'
import { nextPrompt } from './undecided.ts'
import { abandonTurn, doubtTurn, endTurn } from './turn.ts'
import { failChanges } from './turn-changes.ts'

/** How long the look at a lost runner's lock and spool may take, milliseconds. */
const factsMs = 5000

/** A stored deadline and what it is of. */
export type Due = { readonly at: number } & (
  | { readonly type: 'turn'; readonly code: EndingCode }
  | { readonly type: 'dial' | 'preparation' | 'grace' | 'closing' | 'idle' | 'restore' | 'changes' }
  | { readonly type: 'permission'; readonly permissionId: string }
  | { readonly type: 'prompt'; readonly promptId: string }
  | { readonly type: 'callback'; readonly turn: number }
)

export function nextAlarm(state: SessionState, deadlines: Deadlines): number | undefined {
  const times = dues(state, deadlines).map(({ at }) => at)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Everything that has a time now. */
export function dues(state: SessionState, deadlines: Deadlines): readonly Due[] {
  const { lifecycle, permissions, queue, turn, changes } = state
  const restore = restoreUnderWay(state)
  const isAway = state.runner.type === 'lost'
  return [
    ...(turn.type === 'active' ? turnDues(state, turn, deadlines) : []),
    ...runnerDues(state, deadlines),
    ...(lifecycle.type === 'preparing' && !isAway
      ? [{ type: 'preparation', at: lifecycle.deadline } as const]
      : []),
    ...(restore?.deadline !== undefined && !isAway
      ? [{ type: 'restore', at: restore.deadline } as const]
      : []),
    ...(changes.type === 'due' && !isAway
      ? [{ type: 'changes', at: changes.deadline } as const]
      : []),
    ...(isAway ? [] : permissions).map(
      ({ permissionId, deadline }) => ({ type: 'permission', permissionId, at: deadline }) as const,
    ),
    // What waits for a person waits as long as that takes.
    ...(lifecycle.type === 'attention' ? [] : queue.filter(({ held }) => held !== true)).map(
      ({ promptId, at }) => ({ type: 'prompt', promptId, at: at + deadlines.queueMs }) as const,
    ),
    ...waitingCallbacks(state).map(
      ({ turn: told, at }) => ({ type: 'callback', turn: told, at }) as const,
    ),
  ]
}

function turnDues(state: SessionState, turn: ActiveTurn, deadlines: Deadlines): readonly Due[] {
  const { phase } = turn
  if (phase.type === 'stopping')
    return [{ type: 'turn', code: 'interrupt-forced', at: phase.deadline }]
  if (state.runner.type === 'lost') return []
  if (phase.type === 'starting') return [{ type: 'turn', code: 'no-start', at: phase.deadline }]
  const { progressAt } = state.head
  // A person who is asked has a time of their own.
  if (state.permissions.length > 0) return []
  if (turn.openTools.length > 0)
    return [{ type: 'turn', code: 'tool-silent', at: progressAt + deadlines.toolMs }]
  // It is not read, so its silence says nothing.
  const quietMs = turn.full === undefined ? deadlines.turnQuietMs : deadlines.toolMs
  const cap = turn.startedAt + deadlines.turnMs + turn.waitedMs
  return [
    { type: 'turn', code: 'no-progress', at: progressAt + quietMs },
    { type: 'turn', code: 'time-cap', at: cap },
  ]
}

function runnerDues(state: SessionState, deadlines: Deadlines): readonly Due[] {
  const { runner, turn, lifecycle, head, changes } = state
  switch (runner.type) {
    case 'none':
      return []
    case 'starting':
      return [{ type: 'dial', at: runner.deadline }]
    case 'lost':
      return [{ type: 'grace', at: runner.deadline }]
    case 'linked':
      if (runner.closing) return [{ type: 'closing', at: head.progressAt + deadlines.interruptMs }]
      if (restoreUnderWay(state) !== undefined || changes.type === 'due') return []
      if (turn.type === 'active' || nextPrompt(state) !== undefined || lifecycle.type !== 'ready')
        return []
      return [{ type: 'idle', at: head.progressAt + deadlines.idleMs }]
  }
}

export function ring(change: Change): SessionReply {
  for (const due of dues(change.state, change.deadlines)) {
    if (change.now >= due.at) act(change, due)
  }
  return { type: 'done' }
}

/** Each function looks whether what it is about is still there: an earlier one of the same ring may have ended it. */
function act(change: Change, due: Due): void {
  switch (due.type) {
    case 'turn':
      return abandonTurn(change, due.code)
    case 'dial':
      return failPreparation(change, {
        code: 'runner-start-failed',
        message: `Belay’s process beside the agent did not connect within ${change.deadlines.dialMs / 1000} s of being started.`,
      })
    case 'preparation':
      doubtTurn(change)
      endTurn(change, 'no-start')
      return failPreparation(change, {
        code: 'prepare-timeout',
        message: silence(change),
      })
    case 'grace':
      return ringGrace(change)
    case 'closing':
      return abandonTurn(change, 'runner-exited', 'It said that it closes, and did not end.')
    case 'restore':
    case 'idle':
      return releaseRunner(change)
    case 'changes':
      return ringChanges(change)
    case 'permission':
      return expirePermission(change, due.permissionId)
    case 'prompt':
      return expirePrompt(change, due.promptId)
    case 'callback':
      return ringCallback(change, due.turn)
  }
}

function ringChanges(change: Change): void {
  const { changes } = change.state
  if (changes.type === 'due' && change.now >= changes.deadline)
    failChanges(change, 'it was not looked at in time.')
}

/** - S-131 A preparation that ends by its deadline says the last cause that is known. */
function silence({ deadlines, state }: Change): string {
  const cause = state.agent.link?.cause
  const last =
    cause === undefined || cause.code === 'asked' ? '' : ` The last that is known: ${cause.title}`
  return `The preparation gave no sign for ${Math.round(deadlines.prepareMs / 60_000)} min.${last}`
}

function ringGrace(change: Change): void {
  const { runner } = change.state
  if (runner.type !== 'lost' || change.now < runner.deadline) return
  if (runner.waiting === 'facts') return loseRunner(change)
  set(change, 'runner', { ...runner, waiting: 'facts', deadline: change.now + factsMs })
  change.effects.push({ type: 'probe-runner', generation: runner.generation, final: true })
}
