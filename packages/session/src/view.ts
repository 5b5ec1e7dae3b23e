/** What a session looks like from outside, derived from the state alone. */
import {
  queuedTextCharsMax,
  resolutionsOf,
  type SessionSummary,
  type SessionView,
  shownAddress,
  utf8Bytes,
  type Workspace,
} from '@belay/protocol'
import { beside, linkReason } from './link.ts'
import { offered } from './offer.ts'
import { restoreWords } from './restore.ts'
import type { LastTurn, SessionState, Problem } from './state.ts'
import { undecidedCount, undecidedView, undecidedWords } from './undecided.ts'

/** For lists: JSON, or `undefined` for what no list shows. */
export function summaryOf(state: SessionState): string | undefined {
  const { type } = state.lifecycle
  return type === 'absent' || type === 'deleted' ? undefined : JSON.stringify(summary(state, ''))
}

function summary(state: SessionState, id: string): SessionSummary {
  const { settings, last, queue, neighbours } = state
  const status = statusOf(state)
  return {
    id,
    title: settings.title,
    status,
    why: `${reasonOf(state, status)}${besides(state, status)}`,
    agent: {
      name: state.agent.title !== '' ? state.agent.title : agentName(state),
      demo: 'name' in settings.agent && settings.agent.name === 'demo',
    },
    workspace: shown(settings.workspace),
    ...(neighbours.length === 0 ? {} : { sharedWith: [...neighbours] }),
    createdAt: settings.createdAt,
    queued: queue.length,
    ...undecidedView(state),
    ...(last.type === 'none'
      ? {}
      : {
          lastTurn: {
            turn: last.turn,
            outcome: last.outcome,
            code: last.code,
            endedAt: last.endedAt,
            reached: last.reached,
            ...decision(last),
          },
        }),
  }
}

/** Addresses that were stored before they were looked at may hold a secret. */
function shown(workspace: Workspace): Workspace {
  return workspace.type === 'folder'
    ? workspace
    : { ...workspace, url: shownAddress(workspace.url) }
}

function decision(last: Extract<LastTurn, { type: 'ended' }>) {
  if (last.resolved !== undefined) return { resolved: last.resolved }
  const actions = resolutionsOf(last.code, last.reached)
  return actions.length === 0 ? {} : { actions: [...actions] }
}

function agentName({ settings }: SessionState): string {
  const { agent } = settings
  if ('name' in agent) return agent.name === 'demo' ? 'Demo agent' : agent.name
  return agent.command.split(/[\\/]/).at(-1) ?? agent.command
}

/** @param id the session's own: the state does not hold it */
export function viewOf(state: SessionState, id: string): SessionView {
  const { lifecycle, turn, runner, settings, restore, changes } = state
  return {
    ...summary(state, id),
    ...offered(state),
    agentChoice: state.settings.agent,
    attempt: 'attempt' in lifecycle ? lifecycle.attempt : 0,
    ...(settings.setup === undefined ? {} : { setup: settings.setup }),
    ...(settings.finish === undefined ? {} : { finish: settings.finish }),
    ...(settings.goOn === undefined ? {} : { goOn: settings.goOn }),
    steps: 'steps' in lifecycle ? [...lifecycle.steps] : [],
    ...(lifecycle.type === 'attention' ? { problem: problemOf(lifecycle.problem) } : {}),
    ...(turn.type === 'active'
      ? {
          turn: {
            turn: turn.turn,
            promptId: turn.promptId,
            phase: turn.phase.type,
            startedAt: turn.startedAt,
            openTools: turn.openTools.map(({ id: tool }) => tool),
          },
        }
      : {}),
    queue: state.queue.map(({ promptId, text, at, held }) => ({
      promptId,
      text: text.slice(0, queuedTextCharsMax),
      textBytes: utf8Bytes(text),
      at,
      ...(held === undefined ? {} : { held }),
    })),
    permissions: state.permissions.map(
      ({ permissionId, title, toolCallId, options, askedAt, turn: asking }) => ({
        permissionId,
        turn: asking,
        title,
        ...(toolCallId === undefined ? {} : { toolCallId }),
        options: [...options],
        askedAt,
      }),
    ),
    ...(changes.type === 'due' ? { changesDue: changes.turn } : {}),
    ...(restore.type === 'asked'
      ? { restore: { turn: restore.turn, to: restore.to, since: restore.since } }
      : {}),
    ...(restore.type === 'planned' ? { restorePlan: restore.plan } : {}),
    ...(state.agent.link === undefined ? {} : { agentLink: state.agent.link }),
    runner: {
      state: runner.type,
      generation: runner.generation,
      ...(runner.type === 'lost' ? { graceUntil: runner.deadline } : {}),
    },
  }
}

export function statusOf(state: SessionState): SessionSummary['status'] {
  const { lifecycle, turn, runner, permissions } = state
  if (lifecycle.type === 'attention') return 'attention'
  if (lifecycle.type === 'absent' || lifecycle.type === 'deleted') return 'deleted'
  if (runner.type === 'lost' && (turn.type === 'active' || lifecycle.type === 'preparing'))
    return 'recovering'
  if (turn.type === 'none' && lifecycle.type === 'preparing') return 'preparing'
  if (turn.type === 'none') return undecidedCount(state) === 0 ? 'idle' : 'undecided'
  if (turn.phase.type === 'stopping') return 'stopping'
  if (permissions.length > 0) return 'waiting-person'
  if (turn.phase.type === 'starting') return 'starting'
  return turn.openTools.length > 0 ? 'waiting-tool' : 'working'
}

/** What goes on, without times: it stands in lists, which are told only of what changes. */
export function reasonOf(state: SessionState, status: SessionSummary['status']): string {
  return fullDisk(state, status) ?? reasonFor(state, status)
}

/** What holds up everything comes before what is done. */
export function fullDisk(
  { turn }: SessionState,
  status: SessionSummary['status'],
): string | undefined {
  const isAtWork = status === 'working' || status === 'waiting-tool' || status === 'starting'
  return isAtWork && turn.type === 'active' ? turn.full : undefined
}

function reasonFor(state: SessionState, status: SessionSummary['status']): string {
  const { lifecycle, permissions, turn, last, changes, runner } = state
  switch (status) {
    case 'attention':
      return lifecycle.type === 'attention' ? lifecycle.problem.message : ''
    case 'preparing':
      return preparingWhy(state)
    case 'recovering':
      return runner.type === 'lost' && runner.restart === true
        ? 'The server was started again and waits for the agent, which goes on; its output is kept.'
        : 'Connection to the agent lost; waiting for it. Its output is kept.'
    case 'starting':
      return (
        linkReason(state) ??
        (changes.type === 'due'
          ? `The prompt is next, after it was looked at what turn ${changes.turn} changed.`
          : 'The prompt is on its way to the agent.')
      )
    case 'stopping':
      return 'The agent was asked to stop.'
    case 'waiting-person':
      return `Waiting for you: ${permissions[0]?.title ?? 'a question'}`
    case 'waiting-tool': {
      const count = turn.type === 'active' ? turn.openTools.length : 0
      return count === 1 ? 'A tool is running.' : `${count} tools are running.`
    }
    case 'working':
      return 'The agent is working.'
    case 'undecided':
      return restoreReason(state) ?? beside(state, undecidedWords(state), linkReason(state))
    case 'idle': {
      const restoring = restoreReason(state)
      if (restoring !== undefined) return restoring
      if (state.runner.type === 'none') return 'Asleep: the next prompt wakes the agent.'
      return (
        linkReason(state) ??
        (last.type === 'none' ? 'Ready for a prompt.' : 'Waiting for the next prompt.')
      )
    }
    case 'deleted':
      return 'Deleted.'
  }
}

/** What else a person is asked for: said beside whatever goes on, so that no failure is passed over. */
export function besides(state: SessionState, status: SessionSummary['status']): string {
  if (status === 'deleted' || undecidedCount(state) === 0) return ''
  return status === 'undecided' && restoreReason(state) === undefined
    ? ''
    : ` ${undecidedWords(state)}`
}

function restoreReason({ restore }: SessionState): string | undefined {
  if (restore.type === 'asked') return `Putting the workspace back to ${restoreWords(restore)}.`
  if (restore.type === 'planning')
    return `Looking at what putting the workspace back to ${restoreWords(restore)} would do.`
  return undefined
}

function problemOf({ stderr = [], signIn, ...problem }: Problem): SessionView['problem'] {
  const ways = signIn === undefined ? {} : { signIn: [...signIn] }
  return { ...problem, stderr: [...stderr], ...ways }
}

function preparingWhy(state: SessionState): string {
  const { lifecycle, runner } = state
  if (runner.type === 'starting') return 'Starting Belay’s process beside the agent.'
  const step = lifecycle.type === 'preparing' ? lifecycle.steps.at(-1) : undefined
  switch (step?.step) {
    case undefined:
      return 'Preparing the session.'
    case 'disk':
      return 'Looking at the disk.'
    case 'setup':
      return step.index === undefined
        ? 'Setting the workspace up.'
        : `Setting the workspace up: command ${step.index} of ${step.count ?? step.index}.`
    case 'first-prompt':
      return 'The agent is ready and gets the first prompt.'
    case 'workspace':
      return 'Preparing the workspace.'
    case 'clone':
      return 'Cloning the repository.'
    case 'worktree':
      return 'Making a worktree of the repository.'
    case 'branch':
      return 'Checking out the branch.'
    case 'agent-start':
      return linkReason(state) ?? 'Starting the agent.'
    case 'agent-session':
      return linkReason(state) ?? 'Opening the conversation.'
  }
}
