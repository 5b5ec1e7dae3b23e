/**
 * Everything that is decided about the connection to an agent. Synchronous and total: every input in every phase has a
 * result; what does not concern the present process comes to nothing.
 *
 * Owns: when a process is started and ended. `node/keeper.ts` does it; `budget.ts` says how often; `cause.ts` says why it
 * ended.
 *
 * Invariants (explored exhaustively in `packages/runner/src/connection-model.test.ts`):
 * - M-1 Facts of another generation than the present one come to nothing; a process that belongs to none is killed.
 * - M-2 No process is launched before the end of the last one is known.
 * - M-3 After a stop nothing is launched without a new intent.
 * - M-4 A person's Retry moves every phase on; dispose is for ever.
 * - M-5 Exit, end of output and broken input of one process are one loss.
 * - M-9 A deadline that is noticed too late judges nobody; it is set anew.
 */
import { unreachable } from '@belay/actor'
import { judge } from './budget.ts'
import { asked, type Cause, causeOf, causeOfExit, isPermanent } from './cause.ts'
import type { ConnectionEffect } from './effect.ts'
import type { ConnectionFact, ConnectionInput, ConnectionIntent, StartFailure } from './input.ts'
import type { ConnectionPolicy } from './policy.ts'
import {
  connectionAlarm,
  type ConnectionState,
  type EndLevel,
  hasChild,
  type Phase,
  type Next,
} from './state.ts'

export interface ConnectionStep {
  readonly state: ConnectionState
  readonly effects: readonly ConnectionEffect[]
}

export interface Moment {
  /** Milliseconds of the state's clock. */
  readonly now: number
  /** A random number from 0 to 1. */
  readonly chance: number
  readonly policy: ConnectionPolicy
}

export function transition(
  state: ConnectionState,
  input: ConnectionInput,
  moment: Moment,
): ConnectionStep {
  switch (input.type) {
    case 'start':
    case 'retry':
    case 'stop':
    case 'dispose':
      return intend(state, input, moment)
    case 'alarm':
      return alarm(state, moment)
    case 'launched':
    case 'unlaunchable':
    case 'start-sign':
    case 'handshaken':
    case 'attached':
    case 'start-failed':
    case 'sign-in-needed':
    case 'closed':
    case 'exited':
    case 'hung':
    case 'stream-lost':
    case 'stream-restored':
    case 'probed':
      return input.generation === state.generation && hasChild(state)
        ? learn(state, input, moment)
        : stale(state, input)
    default:
      return unreachable(input)
  }
}

/** A process that nobody knows of any more must not go on. */
function stale(state: ConnectionState, fact: ConnectionFact): ConnectionStep {
  return fact.type === 'launched'
    ? { state, effects: [{ type: 'end', generation: fact.generation, level: 'kill' }] }
    : ignored(state)
}

// Intents.

function intend(
  state: ConnectionState,
  { type }: ConnectionIntent,
  moment: Moment,
): ConnectionStep {
  const { phase } = state
  const disposing = phase.type === 'stopping' && phase.next === 'disposed'
  if (phase.type === 'disposed' || disposing) return ignored(state)
  const anew = { ...state, operation: state.operation + 1 }
  switch (type) {
    case 'start':
      if (phase.type === 'idle') return launch(fresh(anew), moment)
      if (phase.type === 'stopping' && phase.next === 'idle')
        return ignored({ ...fresh(anew), phase: { ...phase, next: 'restart' } })
      return ignored(state)
    case 'retry':
      return hasChild(state)
        ? end(fresh(anew), { level: 'terminate', next: 'restart', cause: asked }, moment)
        : launch(fresh(anew), moment)
    case 'stop':
      return hasChild(state)
        ? end(anew, { level: 'input', next: 'idle', cause: asked }, moment)
        : enter(calm(anew), { type: 'idle', why: 'stopped' }, moment)
    case 'dispose':
      return hasChild(state)
        ? end(anew, { level: 'input', next: 'disposed', cause: asked }, moment)
        : enter(calm(anew), { type: 'disposed' }, moment)
  }
}

/** Nothing is wrong with what nobody wants. */
function calm(state: ConnectionState): ConnectionState {
  const { cause: _, ...rest } = state
  return rest
}

/** A person wants it again: what was charged before is not held against it. */
function fresh(state: ConnectionState): ConnectionState {
  const { startDeath: _, ...rest } = state
  return { ...rest, losses: [], attempt: 0, tries: 0 }
}

// Facts of the present process.

function learn(state: ConnectionState, fact: ConnectionFact, moment: Moment): ConnectionStep {
  const { phase } = state
  const { now, policy } = moment
  switch (fact.type) {
    case 'exited': {
      const started = phase.type === 'ready' || phase.type === 'degraded'
      return gone(state, causeOfExit(fact.exit, { started, oomKilled: fact.oomKilled }), moment)
    }
    case 'unlaunchable':
      return gone(state, fact.cause, moment)
    case 'closed':
      return phase.type === 'stopping' || phase.type === 'blocked' || phase.type === 'failed'
        ? ignored(state)
        : end(state, { level: 'input', next: 'lose', cause: undefined }, moment)
    case 'launched':
      if (phase.type !== 'starting' || phase.step !== 'launch') return ignored(state)
      return ignored({ ...state, phase: { ...phase, step: 'handshake' } })
    case 'start-sign':
      return signOfStart(state, moment)
    case 'handshaken':
      if (phase.type !== 'starting' || phase.step !== 'handshake') return ignored(state)
      return {
        state: { ...state, phase: { ...phase, step: 'attach', deadline: now + policy.attachMs } },
        effects: [{ type: 'attach', generation: state.generation }],
      }
    case 'attached':
      if (phase.type !== 'starting' || phase.step !== 'attach') return ignored(state)
      return ready(state, now, moment)
    case 'start-failed':
      return phase.type === 'starting' ? startFailed(state, fact.failure, moment) : ignored(state)
    case 'sign-in-needed':
      return phase.type === 'ready' ? block(state, fact, moment) : ignored(state)
    case 'hung':
      return phase.type === 'starting' || phase.type === 'ready' || phase.type === 'degraded'
        ? hangs(state, moment)
        : ignored(state)
    case 'stream-lost':
    case 'stream-restored':
    case 'probed':
      return stream(state, fact, moment)
    default:
      return unreachable(fact)
  }
}

/** It is on its way: it has a while from now, within the whole span. A deadline never moves back. */
function signOfStart(state: ConnectionState, { now, policy }: Moment): ConnectionStep {
  const { phase } = state
  if (phase.type !== 'starting' || phase.step === 'attach') return ignored(state)
  const later = Math.min(now + policy.startSignMs, phase.startedAt + policy.startMsMax)
  return ignored({ ...state, phase: { ...phase, deadline: Math.max(phase.deadline, later) } })
}

function ready(state: ConnectionState, readyAt: number, moment: Moment): ConnectionStep {
  const { cause: _, startDeath: __, ...rest } = state
  return enter({ ...rest, epoch: state.epoch + 1 }, { type: 'ready', readyAt }, moment)
}

function startFailed(
  state: ConnectionState,
  failure: StartFailure,
  moment: Moment,
): ConnectionStep {
  const { code, message } = failure
  switch (code) {
    case 'agent-exited':
      // Its exit tells it.
      return ignored(state)
    case 'sign-in-needed':
      return block(state, failure, moment)
    case 'timeout':
      return end(
        state,
        { level: 'terminate', next: 'lose', cause: causeOf('timeout', message) },
        moment,
      )
    case 'agent-error':
    case 'version': {
      const cause = causeOf(code === 'version' ? 'version' : 'refused', message, message)
      return end(state, { level: 'input', next: 'lose', cause }, moment)
    }
  }
}

/** The process is kept, so that a sign-in can go on in it. */
function block(
  state: ConnectionState,
  { message, detail, signIn }: Pick<StartFailure, 'message' | 'detail' | 'signIn'>,
  moment: Moment,
): ConnectionStep {
  const choices = signIn?.map(({ id, name }) => ({ id, name })) ?? []
  const cause = {
    ...causeOf('sign-in-needed', message, detail),
    ...(choices.length === 0 ? {} : { signIn: choices }),
  }
  const blocked = { ...state, cause }
  return enter(blocked, { type: 'blocked', child: true }, moment)
}

/** The one place where a process of ours is known to be gone. */
function gone(state: ConnectionState, cause: Cause, moment: Moment): ConnectionStep {
  const { phase } = state
  switch (phase.type) {
    case 'starting':
      return lose(state, { cause, livedMs: moment.now - phase.startedAt }, moment)
    case 'ready':
    case 'degraded': {
      const stable = moment.now - phase.readyAt >= moment.policy.stableMs
      return lose(stable ? { ...state, tries: 0 } : state, { cause, livedMs: undefined }, moment)
    }
    case 'stopping':
      return ended(state, phase, { cause, moment })
    case 'blocked':
      return ignored({ ...state, phase: { ...phase, child: false } })
    case 'failed':
      return ignored({ ...state, phase: { ...phase, left: false } })
    case 'idle':
    case 'backoff':
    case 'disposed':
      return ignored(state)
  }
}

function ended(
  state: ConnectionState,
  phase: Extract<Phase, { type: 'stopping' }>,
  { cause, moment }: { readonly cause: Cause; readonly moment: Moment },
): ConnectionStep {
  switch (phase.next) {
    case 'restart':
      return launch(state, moment)
    case 'lose': {
      // Without a verdict of ours its own end says why, as long as it was not forced.
      const own = phase.level === 'input' ? cause : closedUp
      return lose(state, { cause: state.cause ?? own, livedMs: undefined }, moment)
    }
    case 'idle':
      return enter(state, { type: 'idle', why: 'stopped' }, moment)
    case 'disposed':
      return enter(state, { type: 'disposed' }, moment)
  }
}

const closedUp = causeOf('crash', 'The agent closed its output and did not end by itself.')

function lose(
  state: ConnectionState,
  { cause, livedMs }: { readonly cause: Cause; readonly livedMs: number | undefined },
  moment: Moment,
): ConnectionStep {
  const lost: ConnectionState = { ...state, cause }
  if (isPermanent(cause)) return enter(lost, { type: 'failed', left: false }, moment)
  const { now, chance, policy } = moment
  const verdict = judge(lost, { cause, now, chance, livedMs }, policy)
  const { startDeath: _, ...rest } = lost
  const charged: ConnectionState = { ...rest, ...verdict.charged }
  if (verdict.type === 'again')
    return enter(charged, { type: 'backoff', nextAt: verdict.nextAt }, moment)
  const title = verdict.title.slice(0, 200)
  const enough = { ...charged, cause: { ...cause, title } }
  return enter(enough, { type: 'failed', left: false }, moment)
}

// The stream of a process that lives.

type StreamFact = Extract<ConnectionFact, { type: 'stream-lost' | 'stream-restored' | 'probed' }>

function stream(state: ConnectionState, fact: StreamFact, moment: Moment): ConnectionStep {
  const { phase } = state
  const { now, policy } = moment
  if (fact.type === 'stream-lost')
    return phase.type === 'ready'
      ? probe(state, { readyAt: phase.readyAt, failures: 0 }, moment)
      : ignored(state)
  if (phase.type !== 'degraded') return ignored(state)
  if (fact.type === 'stream-restored') return ready(state, phase.readyAt, moment)
  if (fact.epoch !== state.epoch || !phase.asked) return ignored(state)
  if (!fact.alive) return probeFailed(state, phase, moment)
  const deadline = now + policy.probeAgainMs
  return ignored({ ...state, phase: { ...phase, failures: 0, asked: false, deadline } })
}

type Degraded = Extract<Phase, { type: 'degraded' }>

function probe(
  state: ConnectionState,
  { readyAt, failures }: Pick<Degraded, 'readyAt' | 'failures'>,
  moment: Moment,
): ConnectionStep {
  const epoch = state.epoch + 1
  const deadline = moment.now + moment.policy.probeMs
  const phase: Phase = { type: 'degraded', readyAt, failures, asked: true, deadline }
  return {
    state: enter({ ...state, epoch }, phase, moment).state,
    effects: [{ type: 'probe', generation: state.generation, epoch }],
  }
}

function probeFailed(state: ConnectionState, phase: Degraded, moment: Moment): ConnectionStep {
  const { now, policy } = moment
  const failures = phase.failures + 1
  if (failures >= policy.probesMax) return hangs(state, moment)
  const deadline = now + (policy.probeRetryMs[failures - 1] ?? policy.probeAgainMs)
  return ignored({ ...state, phase: { ...phase, failures, asked: false, deadline } })
}

/** Whoever asked it: three questions had no answer. */
function hangs(state: ConnectionState, moment: Moment): ConnectionStep {
  const cause = causeOf('hung', 'The agent hung: its process lived and answered no question.')
  return end(state, { level: 'terminate', next: 'lose', cause }, moment)
}

// Time.

function alarm(state: ConnectionState, moment: Moment): ConnectionStep {
  const { phase } = state
  const { now, policy } = moment
  const due = connectionAlarm(state)
  if (due === undefined || now < due) return ignored(state)
  const late = now - due > policy.lateMsMax
  switch (phase.type) {
    case 'backoff':
      return launch(state, moment)
    case 'starting':
      return slow(state, phase, moment)
    case 'degraded':
      if (!phase.asked) return probe(state, phase, moment)
      // Nobody could have answered us meanwhile: asked anew, and not counted.
      return late ? probe(state, phase, moment) : probeFailed(state, phase, moment)
    case 'stopping':
      return harder(state, phase, moment)
    case 'idle':
    case 'ready':
    case 'blocked':
    case 'failed':
    case 'disposed':
      return ignored(state)
  }
}

/** Says at first that it takes long, and is the end of it at its deadline. */
function slow(
  state: ConnectionState,
  phase: Extract<Phase, { type: 'starting' }>,
  moment: Moment,
): ConnectionStep {
  const { now, policy } = moment
  const told: Phase = { ...phase, slowAt: undefined }
  if (now < phase.deadline) return ignored({ ...state, phase: told })
  if (now - phase.deadline > policy.lateMsMax)
    return ignored({ ...state, phase: { ...told, deadline: now + policy.afterLateMs } })
  const given = phase.step === 'attach' ? policy.attachMs : phase.deadline - phase.startedAt
  const title = `The agent did not ${waited[phase.step]} within ${Math.round(given / 1000)} s.`
  const cause = causeOf('timeout', title)
  return end(state, { level: 'terminate', next: 'lose', cause }, moment)
}

const waited = {
  launch: 'start',
  handshake: 'answer initialize',
  attach: 'open the conversation',
} as const

// Ending.

interface End {
  readonly level: EndLevel
  readonly next: Next
  /** `undefined`: its own exit will say. */
  readonly cause: Cause | undefined
}

function end(state: ConnectionState, { level, next, cause }: End, moment: Moment): ConnectionStep {
  const { phase, generation } = state
  const { cause: _, ...rest } = state
  const why = cause === undefined ? rest : { ...rest, cause }
  if (phase.type === 'stopping') {
    // It is being ended already: what follows changes, and nobody waits longer than before.
    const kept = { ...why, phase: { ...phase, next } }
    return level === 'terminate' && phase.level === 'input'
      ? push(kept, level, moment)
      : ignored(kept)
  }
  const from: EndLevel = phase.type === 'failed' ? 'kill' : level
  const deadline = moment.now + patience(from, next, moment.policy)
  const stopping = enter(why, { type: 'stopping', level: from, deadline, next }, moment).state
  return { state: stopping, effects: [{ type: 'end', generation, level: from }] }
}

function patience(level: EndLevel, next: Next, policy: ConnectionPolicy): number {
  switch (level) {
    case 'input':
      return policy.stopInputMs
    case 'terminate':
      return next === 'restart' ? policy.hurriedTermMs : policy.stopTermMs
    case 'kill':
      return policy.stopKillMs
  }
}

function push(state: ConnectionState, level: EndLevel, moment: Moment): ConnectionStep {
  const { phase, generation } = state
  if (phase.type !== 'stopping') return ignored(state)
  const deadline = moment.now + patience(level, phase.next, moment.policy)
  return {
    state: { ...state, phase: { ...phase, level, deadline } },
    effects: [{ type: 'end', generation, level }],
  }
}

function harder(
  state: ConnectionState,
  phase: Extract<Phase, { type: 'stopping' }>,
  moment: Moment,
): ConnectionStep {
  switch (phase.level) {
    case 'input':
      return push(state, 'terminate', moment)
    case 'terminate':
      return push(state, 'kill', moment)
    case 'kill': {
      if (phase.next === 'disposed') return enter(state, { type: 'disposed' }, moment)
      const title =
        'The system does not let go of the agent’s old process; no other is started beside it.'
      const cause = causeOf('unendable', title)
      return enter({ ...state, cause }, { type: 'failed', left: true }, moment)
    }
  }
}

// Steps.

function launch(state: ConnectionState, moment: Moment): ConnectionStep {
  const generation = state.generation + 1
  const { now: startedAt, policy } = moment
  const [deadline, slowAt] = [startedAt + policy.startMs, startedAt + policy.slowMs]
  const phase: Phase = { type: 'starting', step: 'launch', startedAt, slowAt, deadline }
  return {
    state: enter({ ...state, generation }, phase, moment).state,
    effects: [{ type: 'launch', generation }],
  }
}

function enter(state: ConnectionState, phase: Phase, { now }: Moment): ConnectionStep {
  return { state: { ...state, phase, since: now }, effects: [] }
}

function ignored(state: ConnectionState): ConnectionStep {
  return { state, effects: [] }
}
