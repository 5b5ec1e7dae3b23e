/**
 * Putting the workspace back to a checkpoint, and looking first at what that would do, as a person asked.
 *
 * - S-52 A restore runs while no turn does, before the next one begins, and ends in `restored` or `restore-failed`, also
 *   when its runner dies.
 * - S-110 A plan runs like a restore and changes nothing. It ends in the plan or in the reason why there is none, also
 *   when its runner dies, and neither is an event.
 * - S-111 A plan is shown until a turn begins, files are put back, or another is asked for.
 * - S-112 A runner of an older version is never told to plan or to restore: another takes its place first.
 */
import { type Deadlines, protocolPlans, protocolVersion, type ReportOf } from '@belay/protocol'
import { type Change, log, logReport, post, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { slackMs } from './slack.ts'
import { type RestoreUnderWay, restoreUnderWay, type SessionState } from './state.ts'

type Ask = Extract<SessionInput, { type: 'restore' }>
type AskPlan = Extract<SessionInput, { type: 'plan-restore' }>

export function askRestore(change: Change, { turn, to, take }: Ask): SessionReply {
  const asked = { type: 'asked', turn, to, ...(take === undefined ? {} : { take }) } as const
  const refusal = refusalOf(change.state, asked)
  if (refusal !== undefined) return refusal
  if (restoreUnderWay(change.state) === undefined)
    set(change, 'restore', { ...asked, since: change.now })
  return { type: 'restoring', turn, to }
}

export function askPlan(change: Change, { turn, to }: AskPlan): SessionReply {
  const refusal = refusalOf(change.state, { type: 'planning', turn, to })
  if (refusal !== undefined) return refusal
  if (restoreUnderWay(change.state) === undefined)
    set(change, 'restore', { type: 'planning', turn, to, since: change.now })
  return { type: 'planning', turn, to }
}

/** The same again while it is under way joins it. */
function refusalOf(
  state: SessionState,
  asked: Omit<RestoreUnderWay, 'since' | 'deadline'>,
): SessionReply | undefined {
  const { turn: active, lifecycle } = state
  const open = restoreUnderWay(state)
  if (active.type === 'active')
    return refuse('turn-running', `Turn ${active.turn} is running, and works on these files.`)
  if (asked.turn > active.last)
    return refuse('turn-not-found', `This session has had ${active.last} turns.`)
  if (open !== undefined) return isSame(open, asked) ? undefined : refuse('not-ready', busy(open))
  return lifecycle.type === 'ready'
    ? undefined
    : refuse('not-ready', 'The session is not prepared.')
}

function isSame(
  open: RestoreUnderWay,
  { type, turn, to, take }: Omit<RestoreUnderWay, 'since'>,
): boolean {
  const same = open.type === type && open.turn === turn && open.to === to
  return same && JSON.stringify(open.take) === JSON.stringify(take)
}

function busy(open: RestoreUnderWay): string {
  return open.type === 'asked'
    ? `The workspace is being put back to ${restoreWords(open)}.`
    : `What putting the workspace back to ${restoreWords(open)} would do is being looked at.`
}

export function restoreWords({ turn, to }: Pick<Ask, 'turn' | 'to'>): string {
  return to === 'undo' ? 'how it was before it was put back' : `${to} turn ${turn}`
}

/** Whether the runner cannot do what is asked for, and was not told of it. */
export function isOutgrown(state: SessionState): boolean {
  const { runner, lifecycle } = state
  if (runner.type !== 'linked' || lifecycle.type !== 'ready') return false
  const { version = protocolVersion } = runner
  return version < protocolPlans && restoreUnderWay(state)?.deadline === undefined
}

/** Tells the runner, once. */
export function startRestore(change: Change): void {
  const restore = restoreUnderWay(change.state)
  if (restore === undefined || restore.deadline !== undefined) return
  const { type, turn, to, take } = restore
  const deadline = change.now + restoreMsMax(change.deadlines)
  set(change, 'restore', { ...restore, deadline })
  if (type === 'planning') post(change, { type: 'plan-restore', turn, to })
  else post(change, { type: 'restore', turn, to, ...(take === undefined ? {} : { take }) })
}

/** How long a runner has for a restore or its plan. The checkpoint after the last turn may be under way, and comes first. */
export function restoreMsMax({ checkpointMs, restoreMs }: Deadlines): number {
  return checkpointMs + restoreMs + slackMs
}

/** What it would do. */
export function takePlan(change: Change, report: ReportOf<'restore-planned'>): void {
  const { restore } = change.state
  if (restore.type !== 'planning' || !isAbout(restore, report)) return
  const { type: _, ...plan } = report
  set(change, 'restore', { type: 'planned', plan })
  set(change, 'head', { ...change.state.head, progressAt: change.now })
}

/** What came of it. */
export function takeRestored(
  change: Change,
  report: ReportOf<'restored' | 'restore-failed'>,
  json: string,
): void {
  const restore = restoreUnderWay(change.state)
  if (restore === undefined || !isAbout(restore, report)) return
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  if (restore.type === 'planning') {
    if (report.type === 'restore-failed') failRestore(change, report.message)
    return
  }
  set(change, 'restore', { type: 'none' })
  logReport(change, json)
}

function isAbout(restore: RestoreUnderWay, { turn, to }: Pick<Ask, 'turn' | 'to'>): boolean {
  return restore.turn === turn && restore.to === to
}

/** Nothing will come of it any more. */
export function failRestore(change: Change, reason: string): void {
  const restore = restoreUnderWay(change.state)
  if (restore === undefined) return
  const { type, turn, to } = restore
  const message = reason.slice(0, 2000)
  if (type === 'planning') return set(change, 'restore', { type: 'unplanned', turn, to, message })
  set(change, 'restore', { type: 'none' })
  log(change, { type: 'restore-failed', turn, to, message })
}

/** What a turn finds is not what was looked at. */
export function forgetPlan(change: Change): void {
  if (change.state.restore.type !== 'none') set(change, 'restore', { type: 'none' })
}
