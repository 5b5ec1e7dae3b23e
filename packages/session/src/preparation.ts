/**
 * Preparing: a runner, the workspace, the agent. The same way for a first start and for waking a session whose
 * runner is gone.
 *
 * - S-6 A preparation has one attempt, one generation and one deadline, stored before anything is started.
 * - S-7 A preparation that fails keeps the prompts and the settings, says its cause, and leaves no runner behind.
 */
import { emptyOutgoing } from '@belay/channel'
import { type Change, log, post, refuse, set } from './change.ts'
import type { SessionReply } from './input.ts'
import type { Problem } from './state.ts'

export function beginPreparation(change: Change): void {
  const { lifecycle, runner, settings, agent } = change.state
  const attempt = 'attempt' in lifecycle ? lifecycle.attempt + 1 : 1
  const generation = runner.generation + 1
  set(change, 'lifecycle', {
    type: 'preparing',
    attempt,
    deadline: change.now + change.deadlines.prepareMs,
    step: undefined,
  })
  set(change, 'runner', {
    type: 'starting',
    generation,
    deadline: change.now + change.deadlines.dialMs,
  })
  set(change, 'head', { ...change.state.head, received: 0 })
  set(change, 'commands', emptyOutgoing)
  post(change, {
    type: 'prepare',
    workspace: settings.workspace,
    agent: settings.agent,
    cancelMs: change.deadlines.cancelMs,
    ...(agent.session === undefined ? {} : { agentSession: agent.session }),
  })
  log(change, { type: 'preparation-started', attempt, generation })
  change.must.push({
    key: `start-runner:${generation}`,
    effect: { type: 'start-runner', generation },
  })
}

/** The preparation is over and nothing came of it. */
export function failPreparation(change: Change, problem: Problem): void {
  const { lifecycle } = change.state
  if (lifecycle.type !== 'preparing') return
  const { attempt, step } = lifecycle
  releaseRunner(change)
  set(change, 'lifecycle', { type: 'attention', attempt, problem, step })
  log(change, {
    type: 'preparation-failed',
    attempt,
    step: step?.step ?? 'runner',
    code: problem.code,
    message: problem.message,
    ...(problem.stderr === undefined ? {} : { stderr: [...problem.stderr] }),
  })
}

/** Says "ready", once, after the last step has succeeded. */
export function finishPreparation(change: Change): void {
  const { lifecycle } = change.state
  if (lifecycle.type !== 'preparing') return
  set(change, 'lifecycle', { type: 'ready', attempt: lifecycle.attempt })
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  log(change, { type: 'session-ready' })
}

/**
 * Gives up the present runner for good: its generation is fenced from here on, and its process is ended.
 * The next prompt prepares a new one.
 */
export function releaseRunner(change: Change): void {
  const { runner } = change.state
  if (runner.type === 'none') return
  const { generation } = runner
  set(change, 'runner', { type: 'none', generation })
  set(change, 'commands', emptyOutgoing)
  change.settle.push(`start-runner:${generation}`)
  change.must.push({
    key: `stop-runner:${generation}`,
    effect: { type: 'stop-runner', generation },
  })
}

export function retry(change: Change): SessionReply {
  if (change.state.lifecycle.type === 'preparing') return { type: 'done' }
  if (change.state.lifecycle.type !== 'attention') {
    return refuse('nothing-to-retry', 'The session is not waiting for a retry.')
  }
  beginPreparation(change)
  return { type: 'done' }
}
