/** The session as an actor that any host can run. */
import type { Actor } from '@belay/actor'
import { type Deadlines, deadlines as defaults } from '@belay/protocol'
import { nextAlarm } from './alarm.ts'
import type { SessionEffect } from './effect.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { lookups } from './row.ts'
import { initialState, type SessionState } from './state.ts'
import { undecidedBefore } from './undecided.ts'
import { isFact, transition } from './transition.ts'
import { summaryOf } from './view.ts'

export type SessionActor = Actor<SessionState, SessionInput, SessionEffect, SessionReply>

/** @param overrides deadlines other than the defaults of `protocol/limits`, milliseconds */
export function createSessionActor(overrides: Partial<Deadlines> = {}): SessionActor {
  const deadlines = { ...defaults, ...overrides }
  return {
    initial: initialState,
    parse: parseState,
    lookups,
    transition: (state, input, context) => transition(state, input, { ...context, deadlines }),
    nextAlarm: (state) => nextAlarm(state, deadlines),
    // What a runner says it says again on its next connection: refused, it keeps it on its own disk.
    isFact: (input) =>
      isFact(input) && input.type !== 'runner-hello' && input.type !== 'runner-frame',
    alarm: { type: 'alarm' },
    jumped: (by) => ({ type: 'clock-jumped', by }),
    summary: (state) => summaryOf(state),
  }
}

/** Parts are written only by this package; a missing part is one that never changed. */
function parseState(_id: string, parts: Readonly<Record<string, unknown>>): SessionState {
  const initial = initialState()
  const whole: SessionState = { ...initial, ...parts }
  const state =
    whole.undecided === initial.undecided
      ? { ...whole, undecided: undecidedBefore(whole.last) }
      : whole
  const { lifecycle } = state
  // Before there were steps, one was kept: it is told again as soon as the next begins.
  return 'problem' in lifecycle || 'deadline' in lifecycle
    ? { ...state, lifecycle: { ...lifecycle, steps: lifecycle.steps ?? [] } }
    : state
}
