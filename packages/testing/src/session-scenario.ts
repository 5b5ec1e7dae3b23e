/**
 * A session driven by hand: inputs in, everything it committed out. The vocabulary of the session's tests.
 *
 * Owns: a clock, the log, rows and outbox as a host would keep them. It decides nothing itself.
 */
import { assert } from '@belay/actor'
import type { Command, Deadlines, Report, SessionEvent } from '@belay/protocol'
import {
  createSessionActor,
  type SessionEffect,
  type SessionInput,
  type SessionReply,
  type SessionState,
  viewOf,
} from '@belay/session'

export interface Scenario {
  readonly id: string
  now: number
  state: SessionState
  readonly events: SessionEvent[]
  readonly rows: Map<string, string>
  /** Effects of the last input. */
  effects: readonly SessionEffect[]
  /** Unsettled outbox keys. */
  readonly outbox: Map<string, SessionEffect>
  input(input: SessionInput): SessionReply
  /** Submits the alarm at its own time; returns false when none is set. */
  ring(): boolean
  wait(ms: number): void
  prompt(promptId: string, text?: string): SessionReply
  /** Sends reports as the present runner, numbered on. */
  report(...reports: Report[]): SessionReply
  /** Dials in as the present runner and reports the agent ready. */
  linkRunner(): void
  commands(): readonly Command[]
  types(): string[]
}

export function scenario(deadlines: Partial<Deadlines> = {}): Scenario {
  const actor = createSessionActor(deadlines)
  const id = 's1'
  const self: Scenario = {
    id,
    now: 1_000_000,
    state: actor.initial(id),
    events: [],
    rows: new Map(),
    effects: [],
    outbox: new Map(),
    input: (input) => play(actor, self, input),
    ring() {
      const at = actor.nextAlarm(self.state)
      if (at === undefined) return false
      self.now = Math.max(self.now, at)
      self.input(actor.alarm)
      return true
    },
    wait(ms) {
      self.now += ms
    },
    prompt: (promptId, text = 'do it') =>
      self.input({
        type: 'prompt-submitted',
        prompt: { promptId, text, digest: `digest of ${text}` },
      }),
    report(...reports) {
      const first = self.state.head.received + 1
      return self.input({
        type: 'runner-frame',
        generation: self.state.runner.generation,
        acked: self.state.commands.sent,
        reports: reports.map((report, index) => ({
          n: first + index,
          json: JSON.stringify(report),
          report,
        })),
      })
    },
    linkRunner() {
      self.input({ type: 'runner-hello', generation: self.state.runner.generation, received: 0 })
      self.report(agentReady)
    },
    commands: () => self.state.commands.unacked.map(({ message }) => message),
    types: () => self.events.map(({ type }) => type),
  }
  return self
}

/** Runs one input as a host would: all of its step is kept, and the state as it is after a restart. */
function play(
  actor: ReturnType<typeof createSessionActor>,
  self: Scenario,
  input: SessionInput,
): SessionReply {
  const found = new Map(
    actor.lookups(input).flatMap((key) => {
      const value = self.rows.get(key)
      return value === undefined ? [] : [[key, value] as const]
    }),
  )
  const step = actor.transition(self.state, input, { now: self.now, id: self.id, found })
  if (step.wipe === true) {
    self.rows.clear()
    self.events.length = 0
  }
  for (const entry of step.append ?? []) {
    const event: SessionEvent = JSON.parse(entry.text)
    assert(
      event.seq === entry.seq &&
        (step.wipe === true || event.seq === (self.events.at(-1)?.seq ?? 0) + 1),
      `dense seq, got ${entry.seq}`,
    )
    self.events.push(event)
  }
  for (const row of step.rows ?? []) {
    if (row.value === undefined) self.rows.delete(row.key)
    else self.rows.set(row.key, row.value)
  }
  for (const { key, effect } of step.must ?? []) self.outbox.set(key, effect)
  for (const key of step.settle ?? []) self.outbox.delete(key)
  self.effects = [...(step.effects ?? []), ...(step.must ?? []).map(({ effect }) => effect)]
  // What is stored is JSON: a state that does not survive it would come back another after a restart.
  self.state = actor.parse(self.id, JSON.parse(JSON.stringify(step.state)))
  return step.reply
}

export const agentReady: Report = {
  type: 'agent-ready',
  agent: { name: 'toy', title: 'Toy', demo: false },
  agentSession: 'conversation-1',
  restored: 'new',
  folder: '/somewhere',
  fence: 'process-tree',
}

/** What a runner says after a turn that changed nothing. */
export function unchanged(turn: number): Report {
  return { type: 'turn-changes', turn, files: [], patch: '' }
}

type Creation = Extract<SessionInput, { type: 'create' }>

/** What creates a session. @param part what the test is about */
export function creation(part: Partial<Creation> = {}): Creation {
  return {
    type: 'create',
    title: 'A title',
    agent: { name: 'toy' },
    workspace: { type: 'folder', path: '/somewhere' },
    digest: 'settings',
    prompt: undefined,
    ...part,
  }
}

/** A scenario whose session was created, with a first prompt when its text is given. */
export function createdSession(first?: string, deadlines: Partial<Deadlines> = {}): Scenario {
  const self = scenario(deadlines)
  const prompt =
    first === undefined ? undefined : { promptId: 'p1', text: first, digest: `digest of ${first}` }
  self.input(creation({ prompt }))
  return self
}

/** A session whose first turn is running. */
export function runningTurn(deadlines: Partial<Deadlines> = {}): Scenario {
  const self = createdSession('do it', deadlines)
  self.linkRunner()
  self.report({ type: 'turn-taken', turn: 1 })
  return self
}

export function statusOf(self: Scenario): string {
  return viewOf(self.state, self.id).status
}
