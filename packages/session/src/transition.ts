/**
 * The one place where a session's state changes.
 *
 * Owns: which function answers which input. Every case is one function; after it `advance` looks at the state
 * as it is and starts what can be started, so no case needs to remember to.
 *
 * Invariants (checked after every transition by `invariant.ts`):
 * - S-1 At most one turn is active, and it belongs to the present generation of the runner.
 * - S-2 A deleted session stays deleted: it answers every request with `session-deleted` and logs nothing.
 * - S-3 Every state that is not an end has a deadline or waits for a person.
 */
import type { Context, Step } from '@belay/actor'
import type { Deadlines } from '@belay/protocol'
import { ring } from './alarm.ts'
import { callbackTried, resendCallback } from './callback.ts'
import { type Change, refuse } from './change.ts'
import { clockJumped } from './clock.ts'
import { create } from './create.ts'
import { deletedSentence, expire, filesRemoved, remove } from './delete.ts'
import type { SessionEffect } from './effect.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { checkState } from './invariant.ts'
import { restartAgent } from './link.ts'
import { choose } from './offer.ts'
import { answerPermission } from './permission.ts'
import { beginPreparation, releaseRunner, retry } from './preparation.ts'
import { cancelPrompt, editPrompt, lookUpPrompt, steerPrompt, submitPrompt } from './prompt.ts'
import { receive } from './receive.ts'
import { effectRefused } from './refused.ts'
import { resolveTurn } from './resolve.ts'
import { askPlan, askRestore, forgetPlan, isOutgrown, startRestore } from './restore.ts'
import {
  runnerExited,
  runnerHello,
  runnerLinkLost,
  runnerSilent,
  runnerStartFailed,
  serverStarted,
} from './runner.ts'
import { freeFolder, shareFolder } from './share.ts'
import { restoreUnderWay, type SessionState, takesCommands } from './state.ts'
import { trimLog } from './trim.ts'
import { interrupt, startTurn } from './turn.ts'
import { lookUpChanges } from './turn-changes.ts'
import { nextPrompt, resumeQueue } from './undecided.ts'

export interface SessionContext extends Context {
  readonly deadlines: Deadlines
}

export function transition(
  state: SessionState,
  input: SessionInput,
  context: SessionContext,
): Step<SessionState, SessionEffect, SessionReply> {
  const change: Change = {
    state,
    ...context,
    append: [],
    rows: [],
    effects: [],
    must: [],
    settle: [],
    wipe: false,
    trim: undefined,
  }
  const reply = gate(state, input) ?? (isFact(input) ? learn(change, input) : decide(change, input))
  advance(change)
  checkState(change.state)
  const { append, rows, effects, must, settle, wipe, trim } = change
  const step = { state: change.state, reply, append, rows, effects, must, settle, wipe }
  return trim === undefined ? step : { ...step, trim }
}

/** What no state but an existing session's can answer. */
function gate(state: SessionState, input: SessionInput): SessionReply | undefined {
  if (isAboutWhatIsLeft(input)) return undefined
  switch (state.lifecycle.type) {
    case 'absent':
      return input.type === 'create'
        ? undefined
        : refuse('session-not-found', 'There is no session with this id.')
    case 'deleted':
      // What it left may still be discarded.
      if (input.type === 'delete') return input.discard === true ? undefined : { type: 'done' }
      return refuse('session-deleted', deletedSentence(state))
    case 'preparing':
    case 'ready':
    case 'attention':
      return undefined
  }
}

/** What a deleted session still has to hear: how far its clean-up and its last callbacks are. */
function isAboutWhatIsLeft({ type }: SessionInput): boolean {
  return (
    type === 'runner-stopped' ||
    type === 'files-removed' ||
    type === 'effect-refused' ||
    type === 'clock-jumped' ||
    type === 'callback-tried' ||
    type === 'alarm'
  )
}

const factTypes = [
  'alarm',
  'clock-jumped',
  'server-started',
  'callback-tried',
  'runner-hello',
  'runner-frame',
  'runner-link-lost',
  'runner-exited',
  'runner-silent',
  'runner-start-failed',
  'runner-stopped',
  'folder-shared',
  'folder-freed',
  'files-removed',
  'effect-refused',
] as const
type Fact = Extract<SessionInput, { type: (typeof factTypes)[number] }>
type Request = Exclude<SessionInput, Fact>

/** Whether it is something that has happened, and not something that is wanted. */
export function isFact(input: SessionInput): input is Fact {
  return factTypes.some((type) => type === input.type)
}

/** Requests of people. */
function decide(change: Change, input: Request): SessionReply {
  switch (input.type) {
    case 'create':
      return create(change, input)
    case 'prompt-submitted':
      return input.steer ? steerPrompt(change, input.prompt) : submitPrompt(change, input.prompt)
    case 'prompt-edited':
      return editPrompt(change, input)
    case 'prompt-cancelled':
      return cancelPrompt(change, input.promptId)
    case 'prompt-looked-up':
      return lookUpPrompt(change, input.promptId)
    case 'interrupt':
      return interrupt(change, input.turn)
    case 'turn-resolved':
      return resolveTurn(change, input)
    case 'resume-queue':
      return resumeQueue(change, input.turn)
    case 'callback-resent':
      return resendCallback(change, input.callbackId)
    case 'permission-answered':
      return answerPermission(change, input)
    case 'retry':
      return retry(change, input)
    case 'agent-restart-asked':
      return restartAgent(change)
    case 'chosen':
      return choose(change, input)
    case 'restore':
      return askRestore(change, input)
    case 'plan-restore':
      return askPlan(change, input)
    case 'changes-looked-up':
      return lookUpChanges(change, input.turn)
    case 'delete':
      return remove(change, input.discard)
    case 'expire':
      return expire(change, input.before)
    case 'trim':
      return trimLog(change, input)
  }
}

/** Facts, from the runner's side and from what was asked of the world. */
function learn(change: Change, input: Fact): SessionReply {
  switch (input.type) {
    case 'alarm':
      return ring(change)
    case 'clock-jumped':
      return clockJumped(change, input.by)
    case 'server-started':
      return serverStarted(change)
    case 'callback-tried':
      return callbackTried(change, input)
    case 'runner-hello':
      return runnerHello(change, input)
    case 'runner-frame':
      return receive(change, input)
    case 'runner-link-lost':
      return runnerLinkLost(change, input.generation)
    case 'runner-exited':
      return runnerExited(change, input)
    case 'runner-silent':
      return runnerSilent(change, input.generation)
    case 'runner-start-failed':
      return runnerStartFailed(change, input)
    case 'runner-stopped':
      change.settle.push(`stop-runner:${input.generation}`)
      return { type: 'done' }
    case 'folder-shared':
      return shareFolder(change, input)
    case 'folder-freed':
      return freeFolder(change, input.session)
    case 'files-removed':
      return filesRemoved(change)
    case 'effect-refused':
      return effectRefused(change, input)
  }
}

/** Starts the next turn when everything for it is there, or prepares what is missing. Looks at the state only. */
function advance(change: Change): void {
  const { turn, lifecycle, runner } = change.state
  const next = nextPrompt(change.state)
  const restore = restoreUnderWay(change.state)
  if (turn.type === 'active' || (next === undefined && restore === undefined)) return
  if (takesCommands(runner)) {
    if (restore !== undefined && isOutgrown(change.state)) {
      // It is replaced like one that was idle for too long: the agent comes back with its conversation.
      releaseRunner(change)
      beginPreparation(change)
    } else if (restore !== undefined) startRestore(change)
    else if (next !== undefined) {
      forgetPlan(change)
      startTurn(change, next)
    }
  } else if (runner.type === 'none' && lifecycle.type === 'ready') beginPreparation(change)
}
