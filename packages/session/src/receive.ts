/**
 * What a runner reports.
 *
 * - S-15 A frame of another generation is refused before anything of it is stored.
 * - S-16 A report is taken once, in its order; the log entry and the number it came with are one commit.
 * - S-17 A report of a turn that is not active any more is dropped, not stored; but for what it changed, as long as that is
 *   due (`turn-changes.ts`), and for what its agent said late.
 * - S-130 What an agent says or does just after the end of its turn is in the log with that turn, and moves nothing of the next.
 */
import { acknowledge, arrive } from '@belay/channel'
import { type EndingCode, limits, type Report, type ReportOf } from '@belay/protocol'
import { type Change, logReport, refuse, set } from './change.ts'
import type { ReceivedReport, SessionInput, SessionReply } from './input.ts'
import { takeLink } from './link.ts'
import { takeOffer } from './offer.ts'
import { askPermission, dropPermission } from './permission.ts'
import { failPreparation, finishPreparation, takeStep } from './preparation.ts'
import { takePlan, takeRestored } from './restore.ts'
import type { ActiveTurn, OpenTool } from './state.ts'
import { endTurn, noteDelivered } from './turn.ts'
import { takeChanges } from './turn-changes.ts'
import { nextPrompt } from './undecided.ts'
import { updateTurn } from './waiting.ts'

type Frame = Extract<SessionInput, { type: 'runner-frame' }>

export function receive(change: Change, frame: Frame): SessionReply {
  const refusal = fence(change, frame.generation)
  if (refusal !== undefined) return refusal
  if (frame.acked !== undefined) {
    const { commands } = change.state
    if (frame.acked > commands.sent)
      return refuse('bad-request', `Command ${frame.acked} was never sent.`)
    set(change, 'commands', acknowledge(commands, frame.acked))
    noteDelivered(change)
  }
  for (const item of frame.reports) {
    // A report may end the runner's rights in the middle of its own frame.
    if (fence(change, frame.generation) !== undefined) break
    const arrival = arrive(change.state.head.received, item.n)
    if (arrival === 'gap')
      return refuse('bad-request', `Report ${item.n} came after ${change.state.head.received}.`)
    if (arrival === 'duplicate') continue
    set(change, 'head', { ...change.state.head, received: item.n })
    take(change, item)
  }
  return { type: 'stored', received: change.state.head.received }
}

/** Why this generation may not write, if so. The dead may: their spool is read before they are called gone. */
export function fence(change: Change, generation: number): SessionReply | undefined {
  const { runner } = change.state
  if (runner.type !== 'none' && runner.generation === generation) return undefined
  return refuse(
    'stale-generation',
    `Generation ${generation} does not own this session; ${runner.generation} is the latest.`,
  )
}

function take(change: Change, item: ReceivedReport): void {
  const { report, json } = item
  if (report.type === 'restore-planned') return takePlan(change, report)
  if (report.type === 'restored' || report.type === 'restore-failed')
    return takeRestored(change, report, json)
  if (report.type === 'turn-changes') return takeChanges(change, report, json)
  if ('turn' in report && report.turn !== undefined) {
    const { turn } = change.state
    if (turn.type !== 'active' || turn.turn !== report.turn) return takeLate(change, item)
  }
  noteRoom(change, report)
  switch (report.type) {
    case 'text':
    case 'thought':
    case 'plan':
      logReport(change, json)
      return progress(change, {})
    case 'tool':
      logReport(change, json)
      return progress(change, { openTools: openTools(change, report) })
    case 'agent-update':
    case 'said-after':
    case 'warning':
      return logReport(change, json)
    case 'permission-asked':
      progress(change, {})
      return askPermission(change, report, json)
    case 'permission-gone':
      return dropPermission(change, report.permissionId)
    case 'turn-taken':
      logReport(change, json)
      updateTurn(change, { taken: true })
      settlePhase(change)
      return finishPreparation(change)
    case 'turn-finished':
      finishTurn(change, report)
      // Whatever it said, the agent was there to say it.
      return finishPreparation(change)
    case 'agent-exited':
      logReport(change, json)
      return set(change, 'agent', {
        ...change.state.agent,
        process: { type: 'ended', at: change.now },
      })
    case 'agent-link':
      return takeLink(change, report.link)
    case 'agent-offer':
      return takeOffer(change, report)
    case 'step':
    case 'agent-ready':
    case 'prepare-failed':
    case 'closing':
      return takeLifecycle(change, report, json)
  }
}

/** A disk that is full is told once, and whatever comes after that was written: there is room again. */
function noteRoom(change: Change, report: Report): void {
  const { turn } = change.state
  const isFull = report.type === 'warning' && report.code === 'disk-full'
  const full = isFull ? report.message.slice(0, limits.whyEndedCharsMax) : undefined
  if (turn.type === 'active' && turn.full !== full) updateTurn(change, { full })
}

const spoken: ReadonlySet<Report['type']> = new Set([
  'text',
  'thought',
  'tool',
  'plan',
  'agent-update',
])

/** Its turn is over. The log says what the agent said all the same; what else belonged to that turn ended with it. */
function takeLate(change: Change, { report, json }: ReceivedReport): void {
  const { last } = change.state
  if (last.type !== 'ended' || !('turn' in report) || report.turn !== last.turn) return
  if (spoken.has(report.type)) logReport(change, json)
}

type LifecycleReport = ReportOf<'step' | 'agent-ready' | 'prepare-failed' | 'closing'>

function takeLifecycle(change: Change, report: LifecycleReport, json: string): void {
  const { lifecycle, runner } = change.state
  switch (report.type) {
    case 'step':
      return takeStep(change, report)
    case 'agent-ready':
      logReport(change, json)
      set(change, 'agent', {
        ...change.state.agent,
        session: report.agentSession,
        title: report.agent.title,
        version: report.agent.version,
        folder: report.folder,
        process: { type: 'running', at: change.now },
      })
      if (runner.type === 'linked' || runner.type === 'lost')
        set(change, 'runner', { ...runner, prepared: true })
      // With a prompt waiting, ready is said when the agent took it.
      if (nextPrompt(change.state) === undefined && change.state.turn.type === 'none')
        finishPreparation(change)
      else takeStep(change, { type: 'step', step: 'first-prompt', status: 'started' })
      return
    case 'prepare-failed':
      if (lifecycle.type === 'preparing') endTurn(change, 'agent-start-failed', report.message)
      // One that failed before it was said to have begun.
      if ('steps' in lifecycle && !lifecycle.steps.some(({ step }) => step === report.step))
        takeStep(change, { type: 'step', step: report.step, status: 'failed' })
      return failPreparation(change, {
        code: report.code,
        message: report.message,
        ...(report.stderr === undefined ? {} : { stderr: report.stderr }),
        ...(report.signIn === undefined ? {} : { signIn: report.signIn }),
      })
    case 'closing':
      if (runner.type !== 'linked' && runner.type !== 'lost') return
      set(change, 'runner', { ...runner, closing: true })
      set(change, 'head', { ...change.state.head, progressAt: change.now })
  }
}

/** The agent did something for the turn: a sign of life that moves its clocks. */
function progress(change: Change, fields: Pick<Partial<ActiveTurn>, 'openTools'>): void {
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  const { turn } = change.state
  if (turn.type === 'active' && (!turn.sign || !turn.taken || fields.openTools !== undefined)) {
    updateTurn(change, { ...fields, sign: true, taken: true })
  }
  settlePhase(change)
}

function settlePhase(change: Change): void {
  const { turn } = change.state
  if (turn.type === 'active' && turn.phase.type === 'starting')
    updateTurn(change, { phase: { type: 'running' } })
}

/** Tools under way after this report; the bound keeps a wild agent from growing the state. */
function openTools(change: Change, report: ReportOf<'tool'>): readonly OpenTool[] {
  const { turn } = change.state
  const before = turn.type === 'active' ? turn.openTools : []
  const known = before.some(({ id }) => id === report.toolCallId)
  switch (report.status) {
    case 'completed':
    case 'failed':
      return known ? before.filter(({ id }) => id !== report.toolCallId) : before
    case 'in_progress':
      return known || before.length >= limits.toolsOpenMax
        ? before
        : [
            ...before,
            {
              id: report.toolCallId,
              title: report.title?.slice(0, limits.titleCharsMax),
              since: change.now,
            },
          ]
    case 'pending':
    case undefined:
      return before
  }
}

function finishTurn(change: Change, report: ReportOf<'turn-finished'>): void {
  const { turn } = change.state
  const stopping = turn.type === 'active' && turn.phase.type === 'stopping'
  if (report.error !== undefined) {
    const { code, message } = report.error
    // An agent that has nothing to say has heard the prompt all the same.
    if (code === 'no-words') progress(change, {})
    // A person wanted it stopped and it is stopped: how is a detail.
    const ending = stopping && code !== 'interrupt-forced' ? 'interrupted' : code
    return endTurn(change, ending, message, report.finish)
  }
  // An agent that answers has heard the prompt. Not so when it was cancelled: the runner may have held it back.
  if (report.stopReason !== 'cancelled') progress(change, {})
  const refused = turn.type === 'active' ? turn.refused : undefined
  // Some agents end their turn on a "no": nobody else did, and they do not say so.
  if (report.stopReason === 'cancelled' && !stopping && refused !== undefined)
    return endTurn(change, 'interrupted', refusedWords(refused), report.finish)
  endTurn(change, endingOf(report, stopping), undefined, report.finish)
}

function refusedWords(option: string): string {
  return `The agent ended the turn because its question was answered with “${option}”.`
}

function endingOf(
  report: Extract<Report, { type: 'turn-finished' }>,
  stopping: boolean,
): EndingCode {
  switch (report.stopReason) {
    case 'end_turn':
      return 'end-turn'
    case 'max_tokens':
      return 'max-tokens'
    case 'max_turn_requests':
      return 'max-requests'
    case 'refusal':
      return 'refusal'
    case 'cancelled':
      return stopping ? 'interrupted' : 'agent-cancelled'
    case undefined:
      return 'agent-error'
  }
}
