/**
 * One transition in the making: the state so far and everything that will be committed with it.
 *
 * Owns: how events get their numbers, and how a command is posted. Local to one call of `transition`, so it may be
 * mutated; what leaves is the finished, immutable step.
 */
import type { Entry, MustEffect, Row } from '@belay/actor'
import { post as postOutgoing } from '@belay/channel'
import type { Command, Deadlines, OwnEvent, Refusal } from '@belay/protocol'
import type { SessionEffect } from './effect.ts'
import type { SessionReply } from './input.ts'
import type { SessionState } from './state.ts'

export interface Change {
  state: SessionState
  readonly id: string
  readonly now: number
  readonly deadlines: Deadlines
  readonly found: ReadonlyMap<string, string>
  readonly append: Entry[]
  readonly rows: Row[]
  readonly effects: SessionEffect[]
  readonly must: MustEffect<SessionEffect>[]
  readonly settle: string[]
  wipe: boolean
  trim: number | undefined
}

export function set<Part extends keyof SessionState>(
  change: Change,
  part: Part,
  value: SessionState[Part],
): void {
  change.state = { ...change.state, [part]: value }
}

/** Adds an event of the session's own to the log. */
export function log(change: Change, event: OwnEvent): void {
  const seq = nextSeq(change)
  change.append.push({ seq, text: JSON.stringify({ seq, at: change.now, ...event }) })
}

/** Adds a report to the log with the bytes it came in. */
export function logReport(change: Change, json: string): void {
  const seq = nextSeq(change)
  change.append.push({ seq, text: `{"seq":${seq},"at":${change.now},${json.slice(1)}` })
}

function nextSeq(change: Change): number {
  const seq = change.state.head.seq + 1
  set(change, 'head', { ...change.state.head, seq })
  return seq
}

/** Numbers a command for the present runner and sends it if a socket is there. */
export function post(change: Change, command: Command): void {
  const commands = postOutgoing(change.state.commands, command)
  set(change, 'commands', commands)
  const { runner } = change.state
  if (runner.type !== 'linked') return
  change.effects.push({ type: 'send', generation: runner.generation, n: commands.sent, command })
}

export function refuse(code: Refusal['code'], message: string, limit?: number): SessionReply {
  return { type: 'refused', refusal: { code, message }, ...(limit === undefined ? {} : { limit }) }
}

export function ignore(reason: string): SessionReply {
  return { type: 'ignored', reason }
}
