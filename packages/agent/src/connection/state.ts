/**
 * What is known of the connection to one agent. Times are milliseconds since the epoch on a clock that never jumps.
 *
 * Owns: the shape. `transition.ts` owns every change of it, `snapshot.ts` what is shown of it.
 */
import type { Cause } from './cause.ts'

export type Phase =
  /** Nothing is wanted: not yet, or not any more. */
  | { readonly type: 'idle'; readonly why: 'unused' | 'stopped' }
  /** A process is on its way: being launched, before its answer to the handshake, opening the conversation. */
  | {
      readonly type: 'starting'
      readonly step: 'launch' | 'handshake' | 'attach'
      readonly startedAt: number
      /** When it is said that it takes long; `undefined` once that is said. */
      readonly slowAt: number | undefined
      readonly deadline: number
    }
  /** The only phase in which the client is lent to anybody. */
  | { readonly type: 'ready'; readonly readyAt: number }
  /** The process lives, its stream is lost. `asked`: a probe is under way until the deadline; else the next begins then. */
  | {
      readonly type: 'degraded'
      readonly readyAt: number
      readonly failures: number
      readonly asked: boolean
      readonly deadline: number
    }
  /** The process is being ended; nothing else is started before it is gone. */
  | {
      readonly type: 'stopping'
      readonly level: EndLevel
      readonly deadline: number
      readonly next: Next
    }
  /** Starts again by itself. */
  | { readonly type: 'backoff'; readonly nextAt: number }
  /** A person must do something first. `child`: the process is kept meanwhile. */
  | { readonly type: 'blocked'; readonly child: boolean }
  /** Not started again by itself. `left`: the system did not let go of the last process; no other is started beside it. */
  | { readonly type: 'failed'; readonly left: boolean }
  | { readonly type: 'disposed' }

/** By the end of its input, SIGTERM for its group, SIGKILL for all. */
export type EndLevel = 'input' | 'terminate' | 'kill'
/** What follows the end of a process. `lose`: the loss is judged and charged. */
export type Next = 'restart' | 'lose' | 'idle' | 'disposed'

export interface ConnectionState {
  readonly phase: Phase
  readonly since: number
  /** One more at every launch; facts of another one come to nothing. */
  readonly generation: number
  /** One more at every stream of a generation. */
  readonly epoch: number
  /** One more at every intent of a person: a later one supersedes. */
  readonly operation: number
  /** When losses were charged, the oldest first; none older than the long window. */
  readonly losses: readonly number[]
  /** How many of them the short window held at the last one. */
  readonly attempt: number
  /** Steps of the back-off that were used up. */
  readonly tries: number
  readonly startDeath?: { readonly key: string; readonly times: number }
  /** Why the last process is gone or going, until another is ready. */
  readonly cause?: Cause
}

/** @param now the beginning, on the same clock as every later one */
export function initialConnection(now: number): ConnectionState {
  return {
    phase: { type: 'idle', why: 'unused' },
    since: now,
    generation: 0,
    epoch: 0,
    operation: 0,
    losses: [],
    attempt: 0,
    tries: 0,
  }
}

/** When `alarm` is to be fed. */
export function connectionAlarm({ phase }: ConnectionState): number | undefined {
  switch (phase.type) {
    case 'starting':
      return Math.min(phase.deadline, phase.slowAt ?? Infinity)
    case 'degraded':
    case 'stopping':
      return phase.deadline
    case 'backoff':
      return phase.nextAt
    case 'idle':
    case 'ready':
    case 'blocked':
    case 'failed':
    case 'disposed':
      return undefined
  }
}

/** Whether a process of the present generation is, or may be, alive. */
export function hasChild({ phase }: ConnectionState): boolean {
  switch (phase.type) {
    case 'starting':
    case 'ready':
    case 'degraded':
    case 'stopping':
      return true
    case 'blocked':
      return phase.child
    case 'failed':
      return phase.left
    case 'idle':
    case 'backoff':
    case 'disposed':
      return false
  }
}
