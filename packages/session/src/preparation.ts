/**
 * Preparing: a runner, the workspace, the agent. The same way for a first start and for waking a session whose
 * runner is gone.
 *
 * - S-6 A preparation has one attempt, one generation and one deadline, stored before anything is started; each step
 *   that begins moves the deadline on.
 * - S-7 A preparation that fails keeps the prompts and the settings, says its cause, and leaves no runner behind.
 * - S-50 A viewer gets every step of the present attempt with its time and output, and none of an older one.
 * - S-51 A retry may change the agent, the workspace and the setup; a second one beside the first changes nothing, and is
 *   refused when it asks for other settings.
 */
import { emptyOutgoing } from '@belay/channel'
import { isOwned, limits, type ReportOf, type StepState, type Workspace } from '@belay/protocol'
import { type Change, log, post, refuse, set } from './change.ts'
import type { SessionReply, SettingsEdit } from './input.ts'
import { forgetLink } from './link.ts'
import { offerFor } from './offer.ts'
import { failRestore } from './restore.ts'
import { initialState, type Problem, restoreUnderWay, type Settings } from './state.ts'
import { failChanges } from './turn-changes.ts'

/** @param signIn a way to sign in that a person chose for this one */
export function beginPreparation(change: Change, signIn?: string): void {
  const { lifecycle, runner, settings, agent, offer, queue } = change.state
  const { setup, finish, sealedToken } = settings
  // The workspace may have been changed since the finish was asked for.
  const mayFinish = finish !== undefined && (isOwned(settings.workspace) || finish.folder === true)
  // What waited for a person has its whole time from here.
  if (lifecycle.type === 'attention')
    set(
      change,
      'queue',
      queue.map((prompt) => ({ ...prompt, at: change.now })),
    )
  const attempt = 'attempt' in lifecycle ? lifecycle.attempt + 1 : 1
  const generation = runner.generation + 1
  set(change, 'lifecycle', {
    type: 'preparing',
    attempt,
    deadline: change.now + change.deadlines.prepareMs,
    steps: [],
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
    ...(setup === undefined ? {} : { setup }),
    ...(mayFinish ? { finish } : {}),
    ...(sealedToken === undefined ? {} : { sealedToken }),
    ...(signIn === undefined ? {} : { signIn }),
    ...(agent.session === undefined ? {} : { agentSession: agent.session }),
    ...(offer.chosen === undefined ? {} : { chosen: offer.chosen }),
  })
  log(change, { type: 'preparation-started', attempt, generation })
  change.must.push({
    key: `start-runner:${generation}`,
    effect: { type: 'start-runner', generation },
  })
}

/** How far the runner says it is. What a step says is the present state of it, and no event. */
export function takeStep(change: Change, report: ReportOf<'step'>): void {
  const { lifecycle } = change.state
  if (lifecycle.type !== 'preparing') return
  const { now } = change
  const { type: _, status, ...said } = report
  const before = lifecycle.steps.findLast(
    ({ step, index }) => step === report.step && index === report.index,
  )
  if (before === undefined) {
    const steps = lifecycle.steps.map((step) => overtaken(step, now))
    const over = status === 'done' || status === 'failed'
    const begun: StepState = { ...said, status: over ? status : 'started', since: now }
    set(change, 'lifecycle', {
      ...lifecycle,
      steps: [...steps, over ? { ...begun, ms: 0 } : begun],
      deadline: now + change.deadlines.prepareMs,
    })
    return
  }
  const after: StepState =
    status === 'done' || status === 'failed'
      ? { ...before, ...said, status, ms: now - before.since }
      : { ...before, ...said }
  const steps = lifecycle.steps.map((step) => (step === before ? after : step))
  set(change, 'lifecycle', { ...lifecycle, steps })
}

/** A step after which another has begun is over, and of its output only a glance is kept. */
function overtaken(step: StepState, now: number): StepState {
  const { tail } = step
  return {
    ...step,
    ...(step.status === 'started' ? { status: 'done' as const, ms: now - step.since } : {}),
    ...(tail === undefined ? {} : { tail: tail.slice(-limits.tailKeptBytesMax) }),
  }
}

/** The preparation is over and nothing came of it. */
export function failPreparation(change: Change, problem: Problem): void {
  const { lifecycle } = change.state
  if (lifecycle.type !== 'preparing') return
  const { attempt } = lifecycle
  const steps = lifecycle.steps.map((step): StepState =>
    step.status === 'started' ? { ...step, status: 'failed', ms: change.now - step.since } : step,
  )
  releaseRunner(change)
  set(change, 'lifecycle', { type: 'attention', attempt, problem, steps })
  failRestore(change, problem.message)
  log(change, {
    type: 'preparation-failed',
    attempt,
    step: steps.at(-1)?.step ?? 'runner',
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
  forgetLink(change)
  set(change, 'commands', emptyOutgoing)
  failChanges(change, 'the process that looks at it ended before it said so.')
  // One that was not told of it yet takes nothing with it: the next runner is.
  if (restoreUnderWay(change.state)?.deadline !== undefined)
    failRestore(change, 'Belay’s process beside the agent ended before it said that it was done.')
  change.settle.push(`start-runner:${generation}`)
  change.must.push({
    key: `stop-runner:${generation}`,
    effect: { type: 'stop-runner', generation },
  })
}

/** Another try, with what a person changed. While one is under way nothing changes, and other settings are refused. */
export function retry(change: Change, edit: SettingsEdit): SessionReply {
  const { lifecycle, settings } = change.state
  if (lifecycle.type === 'preparing') {
    const others =
      edit.sealedToken !== undefined || Object.keys(changesOf(edit, settings)).length > 0
    if (!others) return { type: 'done' }
    return refuse(
      'not-ready',
      `Attempt ${lifecycle.attempt} is under way with the settings it began with; these were not taken.`,
    )
  }
  if (change.state.lifecycle.type !== 'attention') {
    return refuse('nothing-to-retry', 'The session is not waiting for a retry.')
  }
  editSettings(change, edit)
  beginPreparation(change, edit.signIn)
  return { type: 'done' }
}

function editSettings(change: Change, edit: SettingsEdit): void {
  const { settings } = change.state
  const changed = changesOf(edit, settings)
  const { agent, workspace } = changed
  const { sealedToken: old, ...rest } = settings
  const keeps = urlOf(workspace ?? settings.workspace) === urlOf(settings.workspace)
  // A token goes to the address it was given for, and to no other.
  const sealedToken = edit.sealedToken ?? (keeps ? old : undefined)
  set(change, 'settings', {
    ...rest,
    ...changed,
    ...(sealedToken === undefined ? {} : { sealedToken }),
  })
  // The conversation is the other agent's.
  if (agent !== undefined) {
    set(change, 'agent', initialState().agent)
    set(change, 'offer', offerFor(agent))
  }
  if (Object.keys(changed).length > 0) log(change, { type: 'settings-changed', ...changed })
}

type Changes = Partial<Pick<Settings, 'agent' | 'workspace' | 'setup'>>

function changesOf({ agent, workspace, setup }: SettingsEdit, settings: Settings): Changes {
  return {
    ...(agent !== undefined && differs(agent, settings.agent) ? { agent } : {}),
    ...(workspace !== undefined && differs(workspace, settings.workspace) ? { workspace } : {}),
    ...(setup !== undefined && differs(setup, settings.setup) ? { setup } : {}),
  }
}

function differs(wanted: unknown, present: unknown): boolean {
  return JSON.stringify(wanted) !== JSON.stringify(present)
}

function urlOf(workspace: Workspace): string | undefined {
  return workspace.type === 'repository' ? workspace.url : undefined
}
