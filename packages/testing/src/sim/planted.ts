/**
 * Eighteen defects to plant, one at a time: what a simulator that finds nothing is worth is shown by what it finds when there
 * is something. Each wraps real code from outside or is played at an edge of the world; the code itself has no switch.
 */
import type { Context, Step } from '@belay/actor'
import { type Input, type RunnerState, transition as decide } from '@belay/runner'
import type {
  SessionActor,
  SessionEffect,
  SessionInput,
  SessionReply,
  SessionState,
} from '@belay/session'
import type { Decide } from './runner.ts'

export const plantable = [
  /** The end of a socket clears the slot of its session, whoever sits there by now. */
  'clear-without-compare',
  /** Whatever a runner says is taken for the present runner's word. */
  'no-generation-check',
  /** Commands leave while the step that decided them may still come to nothing. */
  'effect-before-commit',
  /** A commit returns before it would survive the power. */
  'ack-before-fsync',
  /** A viewer takes the number in a signal for its own. */
  'signal-moves-cursor',
  /** Ready is said when the runner dials in. */
  'ready-early',
  /** Deadlines die with the server that set them. */
  'timer-in-memory',
  /** When grace is over the runner is given up unseen, also by a server that has only just begun. */
  'grace-not-rechecked',
  /** A report that comes twice is stored twice. */
  'duplicate-not-dropped',
  /** An interrupt that came too late stops the next turn. */
  'interrupt-leaks',
  /** The next turn begins beside the checkpoint after the last one. */
  'turn-beside-checkpoint',
  /** What waits behind a turn that failed runs as if nothing had happened. */
  'queue-not-held',
  /** Of the turns that failed only the last is remembered. */
  'failure-passed-over',
  /** Deadlines are dates: whoever sets the clock ends what they bound. */
  'clock-believed',
  /** A store that refused is taken for one that has written. */
  'full-disk-unnoticed',
  /** What the system refused once is not tried again. */
  'effect-tried-once',
  /** What the system refused is taken for done. */
  'refused-as-done',
  /** A fault of ours is told as any end. */
  'fault-unsaid',
] as const
export type Planted = (typeof plantable)[number]

export type SimActor = SessionActor
type SessionStep = Step<SessionState, SessionEffect, SessionReply>

export interface PlantContext {
  /** Deadlines that were set before this server began. */
  readonly forgotten: ReadonlySet<number>
  readonly perform: (id: string, effect: SessionEffect) => void
}

type Transition = (state: SessionState, input: SessionInput, context: Context) => SessionStep

/** How a defect wraps the transition of a session; those that are not here are played elsewhere. */
const inTransition: Readonly<
  Partial<Record<Planted, (decide: Transition, plant: PlantContext) => Transition>>
> = {
  'no-generation-check': (sound) => (state, input, context) =>
    sound(state, regenerated(state, input), context),
  'effect-before-commit': (sound, plant) => (state, input, context) => {
    const step = sound(state, input, context)
    for (const effect of step.effects ?? []) plant.perform(context.id, effect)
    return { ...step, effects: [] }
  },
  'ready-early': (sound) => (state, input, context) => {
    const step = sound(state, input, context)
    return input.type === 'runner-hello' ? saidReady(step, context.now) : step
  },
  'grace-not-rechecked': (sound) => (state, input, context) => {
    if (input.type === 'server-started' && state.runner.type === 'lost')
      return { state, reply: { type: 'ignored', reason: 'it was lost before' } }
    const step = sound(state, input, context)
    const final = step.effects?.some((one) => one.type === 'probe-runner' && one.final) === true
    if (!final) return step
    const { generation } = step.state.runner
    return merged(step, sound(step.state, { type: 'runner-silent', generation }, context))
  },
  'queue-not-held': (sound) => (state, input, context) =>
    sound({ ...state, queue: state.queue.map(unheld) }, input, context),
  'failure-passed-over': (sound) => (state, input, context) => {
    const { last, undecided } = state
    const turns = undecided.turns.filter(({ turn }) => last.type === 'ended' && turn === last.turn)
    return sound({ ...state, undecided: { older: 0, turns } }, input, context)
  },
  'clock-believed': (sound) => (state, input, context) =>
    input.type === 'clock-jumped'
      ? { state, reply: { type: 'ignored', reason: 'a clock is a clock' } }
      : sound(state, input, context),
  'fault-unsaid': (sound) => (state, input, context) =>
    sound(state, input.type === 'runner-exited' ? { ...input, fault: undefined } : input, context),
  'duplicate-not-dropped': (sound) => (state, input, context) =>
    sound(state, renumbered(state, input), context),
}

export function plantInActor(
  actor: SimActor,
  planted: Planted | undefined,
  plant: PlantContext,
): SimActor {
  if (planted === 'timer-in-memory') return withoutTimers(actor, plant.forgotten)
  const wrap = planted === undefined ? undefined : inTransition[planted]
  if (wrap === undefined) return actor
  const sound: Transition = (state, input, context) => actor.transition(state, input, context)
  return { ...actor, transition: wrap(sound, plant) }
}

/** For the runner's side. */
export function plantInRunner(planted: Planted | undefined): Decide | undefined {
  if (planted === 'turn-beside-checkpoint') return besideCheckpoint
  if (planted !== 'interrupt-leaks') return undefined
  let leaked = false
  return (state, input, now) => {
    const step = decide(state, input, now)
    if (input.type !== 'command') return step
    if (input.command.type === 'interrupt' && step.state === state) leaked = true
    if (input.command.type !== 'prompt' || !leaked) return step
    leaked = false
    return interrupted(step, input.command.turn, now)
  }
}

function besideCheckpoint(state: RunnerState, input: Input, now: number): ReturnType<Decide> {
  const { saving, ...free } = state
  const isPrompt = input.type === 'command' && input.command.type === 'prompt'
  if (!isPrompt || saving === undefined) return decide(state, input, now)
  const step = decide(free, input, now)
  return { ...step, state: { ...step.state, saving } }
}

function interrupted(step: ReturnType<Decide>, turn: number, now: number): ReturnType<Decide> {
  const state: RunnerState = step.state
  const more = decide(state, { type: 'command', command: { type: 'interrupt', turn } }, now)
  return {
    state: more.state,
    reports: [...step.reports, ...more.reports],
    effects: [...step.effects, ...more.effects],
  }
}

function regenerated({ runner }: SessionState, input: SessionInput): SessionInput {
  return 'generation' in input && input.type !== 'runner-stopped'
    ? { ...input, generation: runner.generation }
    : input
}

function renumbered({ head }: SessionState, input: SessionInput): SessionInput {
  if (input.type !== 'runner-frame') return input
  const reports = input.reports.map((report, index) => ({
    ...report,
    n: head.received + 1 + index,
  }))
  return { ...input, reports }
}

function saidReady(step: SessionStep, now: number): SessionStep {
  const { lifecycle, head } = step.state
  if (lifecycle.type !== 'preparing') return step
  const seq = head.seq + 1
  const text = JSON.stringify({ seq, at: now, type: 'session-ready' })
  return {
    ...step,
    state: {
      ...step.state,
      head: { ...head, seq },
      lifecycle: { type: 'ready', attempt: lifecycle.attempt },
    },
    append: [...(step.append ?? []), { seq, text }],
  }
}

function withoutTimers(actor: SimActor, forgotten: ReadonlySet<number>): SimActor {
  const isForgotten = (state: SessionState) => {
    const at = actor.nextAlarm(state)
    return at !== undefined && forgotten.has(at)
  }
  return {
    ...actor,
    nextAlarm: (state) => (isForgotten(state) ? undefined : actor.nextAlarm(state)),
    transition: (state, input, context) =>
      input.type === 'alarm' && isForgotten(state)
        ? { state, reply: { type: 'ignored', reason: 'nobody remembers' } }
        : actor.transition(state, input, context),
  }
}

function merged(first: SessionStep, second: SessionStep): SessionStep {
  return {
    state: second.state,
    reply: first.reply,
    append: [...(first.append ?? []), ...(second.append ?? [])],
    rows: [...(first.rows ?? []), ...(second.rows ?? [])],
    effects: [...(second.effects ?? [])],
    must: [...(first.must ?? []), ...(second.must ?? [])],
    settle: [...(first.settle ?? []), ...(second.settle ?? [])],
  }
}

type Queued = SessionState['queue'][number]

function unheld({ held, ...prompt }: Queued): Queued {
  void held
  return prompt
}
