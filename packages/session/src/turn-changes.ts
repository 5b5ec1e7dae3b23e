/**
 * What a turn changed in its workspace: told after its end, or said not to be known.
 *
 * - S-100 Of a turn that was taken it is due what it changed until its runner says so, is given up, or is silent about it for
 *   too long; then it is in the log that it is not known.
 * - S-101 What is due is taken after the end of its turn, once; that a turn changed nothing is no event.
 */
import { type ReportOf, unknownChanges } from '@belay/protocol'
import { type Change, log, logReport, refuse, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { findChanges, keepChanges } from './row.ts'
import { slackMs } from './slack.ts'
import type { ActiveTurn } from './state.ts'
import { updateTurn } from './waiting.ts'

/**
 * A turn has ended: unless it was told before, its runner still owes what it changed.
 * @returns whether it does
 */
export function expectChanges(change: Change, turn: ActiveTurn): boolean {
  if (!turn.taken || turn.changesTold === true) return false
  // A runner tells of one turn before it takes the next, so of this older one it will not.
  failChanges(change, 'another turn began before it was looked at.')
  const deadline = change.now + change.deadlines.checkpointMs + slackMs
  set(change, 'changes', { type: 'due', turn: turn.turn, deadline })
  return true
}

/** What the runner says of it. Of a turn that nothing is due of, nothing is taken. */
export function takeChanges(change: Change, report: ReportOf<'turn-changes'>, json: string): void {
  const { turn, changes } = change.state
  const isDue = changes.type === 'due' && changes.turn === report.turn
  const isEarly = turn.type === 'active' && turn.turn === report.turn && turn.changesTold !== true
  if (isDue) set(change, 'changes', { type: 'none' })
  else if (isEarly) updateTurn(change, { changesTold: true })
  else return
  if (saysSomething(report)) {
    logReport(change, json)
    keepChanges(change, report.turn, change.state.head.seq)
  } else keepChanges(change, report.turn, 'none')
  // The runner's own doing: it moves the clocks, and says nothing of the agent.
  set(change, 'head', { ...change.state.head, progressAt: change.now })
}

function saysSomething({ files, more, notes, problem }: ReportOf<'turn-changes'>): boolean {
  return files.length > 0 || more !== undefined || (notes ?? []).length > 0 || problem !== undefined
}

/** Nobody will tell any more. */
export function failChanges(change: Change, why: string): void {
  const { changes } = change.state
  if (changes.type !== 'due') return
  set(change, 'changes', { type: 'none' })
  log(change, unknownChanges(changes.turn, why))
  keepChanges(change, changes.turn, change.state.head.seq)
}

/** Where in the log it stands what a turn changed. */
export function lookUpChanges(change: Change, wanted: number): SessionReply {
  const { turn, changes } = change.state
  if (turn.type === 'active' && wanted === turn.turn)
    return refuse('turn-running', `Turn ${wanted} is running: what it changes is told at its end.`)
  if (changes.type === 'due' && wanted === changes.turn)
    return refuse('not-ready', `What turn ${wanted} changed is still being looked at.`)
  const last = turn.type === 'active' ? turn.turn : turn.last
  if (wanted > last) return refuse('turn-not-found', `This session has had ${last} turns.`)
  const found = findChanges(change, wanted)
  return { type: 'changes', seq: found === 'none' ? undefined : found }
}
