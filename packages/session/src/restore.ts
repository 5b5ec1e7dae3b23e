/**
 * Putting the workspace back to a checkpoint, as a person asked.
 *
 * - S-52 A restore runs while no turn does, before the next one begins, and ends in `restored` or `restore-failed`, also
 *   when its runner dies.
 */
import type { ReportOf } from '@belay/protocol'
import { type Change, log, logReport, post, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'

type Ask = Extract<SessionInput, { type: 'restore' }>

/** Beyond the runner's own bound, so that it is the one to say what took too long. */
const slackMs = 10_000

export function askRestore(change: Change, { turn, to }: Ask): SessionReply {
  const { restore, turn: active, lifecycle } = change.state
  if (active.type === 'active')
    return refuse('turn-running', `Turn ${active.turn} is running, and works on these files.`)
  if (turn > active.last)
    return refuse('turn-not-found', `This session has had ${active.last} turns.`)
  if (restore.type === 'asked') {
    return restore.turn === turn && restore.to === to
      ? { type: 'restoring', turn, to }
      : refuse('not-ready', `The workspace is being put back to ${restoreWords(restore)}.`)
  }
  if (lifecycle.type !== 'ready') return refuse('not-ready', 'The session is not prepared.')
  set(change, 'restore', { type: 'asked', turn, to, since: change.now })
  return { type: 'restoring', turn, to }
}

export function restoreWords({ turn, to }: Pick<Ask, 'turn' | 'to'>): string {
  return to === 'undo' ? 'how it was before it was put back' : `${to} turn ${turn}`
}

/** Tells the runner, once. */
export function startRestore(change: Change): void {
  const { restore } = change.state
  if (restore.type !== 'asked' || restore.deadline !== undefined) return
  const { restoreMs, checkpointMs } = change.deadlines
  // The checkpoint after the last turn may be under way, and comes first.
  const deadline = change.now + checkpointMs + restoreMs + slackMs
  set(change, 'restore', { ...restore, deadline })
  post(change, { type: 'restore', turn: restore.turn, to: restore.to })
}

/** What came of it. */
export function takeRestored(
  change: Change,
  report: ReportOf<'restored' | 'restore-failed'>,
  json: string,
): void {
  const { restore } = change.state
  if (restore.type !== 'asked' || restore.turn !== report.turn || restore.to !== report.to) return
  set(change, 'restore', { type: 'none' })
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  logReport(change, json)
}

/** Nothing will come of it any more. */
export function failRestore(change: Change, message: string): void {
  const { restore } = change.state
  if (restore.type !== 'asked') return
  const { turn, to } = restore
  set(change, 'restore', { type: 'none' })
  log(change, { type: 'restore-failed', turn, to, message: message.slice(0, 2000) })
}
