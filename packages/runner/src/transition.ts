/**
 * Everything a runner decides.
 *
 * Owns: the order of a turn. `node/driver.ts` puts reports on disk and then performs effects; it decides nothing.
 *
 * Invariants:
 * - R-1 A prompt goes to the agent in the same step as, and after, its `turn-taken` report.
 * - R-30 A prompt is taken only after the checkpoint before it was made or given up.
 * - R-120 The end of a turn is told at once; only where it carries what became of committing, it comes after that.
 * - R-121 The checkpoint after a turn is made or given up before the next turn begins, before a restore, and before the runner
 *   closes.
 * - R-122 Of every turn that was taken it is told once what it changed, or why that is not known.
 * - R-2 Every turn that arrived is finished exactly once.
 * - R-3 A turn that was stopped before it was handed over is finished as cancelled, and the agent never hears of it.
 * - R-4 A stop for a turn that is not there is ignored.
 * - R-5 An agent that has not obeyed a stop by `cancelMs` is ended, and the turn with it.
 * - R-6 Facts of an agent process that is not the present one come to nothing.
 */
import { unreachable } from '@belay/actor'
import { exitSentence } from '@belay/agent'
import type { Chosen, Command, Report } from '@belay/protocol'
import { sinceStart } from './choice.ts'
import type { Effect } from './effect.ts'
import { asked, noteTurns, overhear } from './heard.ts'
import type { Input, Problem, Saved } from './input.ts'
import {
  agentGone,
  changesOf,
  completed,
  endedBy,
  endingOf,
  finished,
  lastReports,
  restoreFailed,
  warningsOf,
} from './ending.ts'
import { problemOf, unavailable } from './link.ts'
import { lookAhead } from './look-ahead.ts'
import { withdraw, without } from './permission.ts'
import { askRestore, effectOf, restoreDone } from './restore.ts'
import { after, ignored, type RunnerStep, told } from './step.ts'
import {
  type AgentState,
  canSend,
  closingSaveMs,
  type Ending,
  type RunnerState,
  type Turn,
} from './state.ts'

/** @param now milliseconds since the epoch */
export function transition(state: RunnerState, input: Input, now: number): RunnerStep {
  return noteTurns(decide(state, input, now), now)
}

function decide(state: RunnerState, input: Input, now: number): RunnerStep {
  switch (input.type) {
    case 'command':
      return obey(state, input.command, now)
    case 'close-asked':
      return close(state, input.reason, now)
    case 'prompt-coming':
      return lookAhead(state, input.promptId)
    case 'alarm':
      return alarm(state, now)
    case 'step-changed':
      return state.phase === 'preparing' ? told(state, [input.report]) : ignored(state)
    case 'workspace-ready':
      return state.phase === 'preparing' ? keepAgent(state) : ignored(state)
    case 'workspace-failed':
      return prepareFailed(state, input.problem)
    case 'saved':
      return saved(state, input.turn, input.saved)
    case 'committed':
      return committed(state, input.turn, input.result)
    case 'restored':
    case 'planned': {
      const done = restoreDone(state, input)
      return done === undefined ? ignored(state) : after(done, advance)
    }
    case 'agent-ready':
      return agentReady(state, input)
    case 'agent-link':
      return linked(state, input)
    case 'agent-updated':
    case 'agent-offered':
    case 'ask-unreadable':
    case 'choice-refused': {
      // One that is being started has things to say too; one that is gone has not: its last refusals are no change of mind.
      const { agent, link } = state
      const starting = link?.state === 'starting' ? link.generation : undefined
      const present = agent?.agentGeneration ?? starting
      return present === input.agentGeneration ? overhear(state, input, now) : ignored(state)
    }
    case 'agent-asked':
    case 'agent-unasked':
    case 'prompt-settled':
    case 'agent-exited': {
      const { agent } = state
      return agent?.agentGeneration === input.agentGeneration
        ? hear({ state, agent }, input, now)
        : ignored(state)
    }
    default:
      return unreachable(input)
  }
}

type AgentFact = Extract<
  Input,
  { type: 'agent-asked' | 'agent-unasked' | 'prompt-settled' | 'agent-exited' }
>

interface Present {
  readonly state: RunnerState
  readonly agent: AgentState
}

function hear({ state, agent }: Present, fact: AgentFact, now: number): RunnerStep {
  switch (fact.type) {
    case 'agent-asked':
      return asked(state, agent, fact)
    case 'agent-unasked': {
      const open = agent.permissions.find((permission) => permission.id === fact.id)
      if (open === undefined) return ignored(state)
      return told({ ...state, agent: without(agent, open.id) }, [
        { type: 'permission-gone', permissionId: open.permissionId },
      ])
    }
    case 'prompt-settled':
      return state.turn?.turn === fact.turn && state.turn.phase === 'running'
        ? settle({ state, turn: state.turn }, endingOf(state.turn, fact.settled), now)
        : ignored(state)
    case 'agent-exited':
      return agentExited({ state, agent }, fact, now)
    default:
      return unreachable(fact)
  }
}

// Commands.

function obey(state: RunnerState, command: Command, now: number): RunnerStep {
  switch (command.type) {
    case 'prepare': {
      if (state.phase !== 'idle') return ignored(state)
      const {
        agentSession,
        cancelMs,
        workspace,
        agent,
        setup = [],
        finish,
        token,
        signIn,
      } = command
      const { chosen = {} } = command
      const preparing: RunnerState = {
        ...state,
        phase: 'preparing',
        cancelMs,
        chosen,
        ...(agentSession === undefined ? {} : { agentSession }),
        ...(finish === undefined ? {} : { finish }),
        ...(signIn === undefined ? {} : { signIn }),
      }
      return {
        state: preparing,
        reports: [],
        effects: [{ type: 'prepare-workspace', workspace, agent, setup, token }],
      }
    }
    case 'prompt':
      return takePrompt(state, { ...command, phase: 'waiting' }, now)
    case 'interrupt':
      return interrupt(state, command.turn, now)
    case 'answer': {
      const open = state.agent?.permissions.find(
        (permission) => permission.permissionId === command.permissionId,
      )
      if (state.agent === undefined || open === undefined) return ignored(state)
      const effect: Effect = { type: 'answer-permission', id: open.id, optionId: command.optionId }
      return {
        state: { ...state, agent: without(state.agent, open.id) },
        reports: [],
        effects: [effect],
      }
    }
    case 'restore': {
      const { type: does, ...restore } = command
      return askRestore(state, { does, restore })
    }
    case 'plan-restore': {
      const { type: _, ...restore } = command
      return askRestore(state, { does: 'plan', restore })
    }
    case 'choose': {
      const { type: _, ...chosen } = command
      return choose({ ...state, chosen: { ...state.chosen, ...chosen } }, chosen)
    }
    case 'restart-agent':
      return state.kept && state.phase !== 'closing' ? restartAgent(state) : ignored(state)
    case 'close':
      return close(state, command.reason, now)
    default:
      return unreachable(command)
  }
}

function takePrompt(state: RunnerState, turn: Turn, now: number): RunnerStep {
  if (state.phase === 'closing')
    return told(state, [
      finished(turn, agentGone(state.reason ?? 'Belay’s process beside the agent is ending.')),
    ])
  if (state.turn === undefined) return advance({ ...state, turn })
  // The session has given the running turn up, else it would not send another: so that one is stopped first.
  const stopped = interrupt(state, state.turn.turn, now)
  if (stopped.state.turn === undefined) return after(stopped, (calm) => advance({ ...calm, turn }))
  const older = stopped.state.next
  const reports = older === undefined ? [] : [finished(older, { stopReason: 'cancelled' })]
  return after(stopped, (busy) => told({ ...busy, next: turn }, reports))
}

function interrupt(state: RunnerState, turn: number, now: number): RunnerStep {
  if (state.next?.turn === turn) {
    const { next, ...rest } = state
    return told(rest, [finished(next, { stopReason: 'cancelled' })])
  }
  if (state.turn?.turn !== turn) return ignored(state)
  switch (state.turn.phase) {
    case 'waiting':
      return finishTurn(state, { stopReason: 'cancelled' })
    case 'saving':
      return after({ state, reports: [], effects: [{ type: 'stop-saving' }] }, (calm) =>
        finishTurn(calm, { stopReason: 'cancelled' }),
      )
    case 'finishing': {
      const stopped = { ...state.turn, cancelBy: now }
      return { state: { ...state, turn: stopped }, reports: [], effects: [{ type: 'stop-saving' }] }
    }
    case 'running':
      return state.turn.cancelBy === undefined ? cancel(state, state.turn, now) : ignored(state)
  }
}

function cancel(state: RunnerState, turn: Turn, now: number): RunnerStep {
  const withdrawn = withdraw(state.agent)
  return {
    state: {
      ...state,
      turn: { ...turn, cancelBy: now + state.cancelMs },
      ...(state.agent === undefined ? {} : { agent: { ...state.agent, permissions: [] } }),
    },
    reports: [],
    // The cancel first: an agent that hears of an answer before it would begin the next tool.
    effects: [{ type: 'cancel-prompt' }, ...withdrawn],
  }
}

function alarm(state: RunnerState, now: number): RunnerStep {
  const { turn, agent, saving } = state
  if (saving?.until !== undefined && now >= saving.until)
    return after({ state, reports: [], effects: [{ type: 'stop-saving' }] }, (calm) =>
      savedAfter(calm, saving.turn, {
        problem: 'Belay’s process beside the agent ended before the folder was looked at.',
      }),
    )
  if (turn?.phase !== 'running' || turn.cancelBy === undefined) return ignored(state)
  if (turn.forced || now < turn.cancelBy || agent === undefined) return ignored(state)
  return restartAgent({ ...state, turn: { ...turn, forced: true } })
}

/** It comes back by itself, with its conversation. */
function restartAgent(state: RunnerState): RunnerStep {
  const { agent } = state
  return {
    state: agent === undefined ? state : { ...state, agent: { ...agent, phase: 'ending' } },
    reports: [],
    effects: [{ type: 'restart-agent' }],
  }
}

function close(state: RunnerState, reason: string, now: number): RunnerStep {
  if (state.phase === 'closing') return ignored(state)
  const { agent, saving } = state
  const closing: RunnerState = {
    ...state,
    phase: 'closing',
    reason,
    ...(saving === undefined ? {} : { saving: { ...saving, until: now + closingSaveMs } }),
  }
  if (!state.kept) return closed(closing)
  return {
    state: agent === undefined ? closing : { ...closing, agent: { ...agent, phase: 'ending' } },
    reports: [],
    effects: [{ type: 'end-agent' }],
  }
}

/** The agent is gone and the last checkpoint made: what is left unfinished is finished, and the runner with it. */
function closed(state: RunnerState): RunnerStep {
  if (state.saving !== undefined) return ignored(state)
  const { turn: _, next: __, restore: ___, ...rest } = state
  return { state: rest, reports: lastReports(state), effects: [{ type: 'finish' }] }
}

// The agent.

function keepAgent(state: RunnerState): RunnerStep {
  const { agentSession, signIn, ...rest } = state
  const keep: Effect = { type: 'keep-agent', agentSession }
  const effect = signIn === undefined ? keep : { ...keep, signIn }
  const kept = agentSession === undefined ? rest : { ...rest, agentSession }
  return { state: { ...kept, kept: true }, reports: [], effects: [effect] }
}

function agentReady(
  state: RunnerState,
  { agentGeneration, ready, chosen = {} }: Extract<Input, { readonly type: 'agent-ready' }>,
): RunnerStep {
  if (state.phase !== 'preparing' && state.phase !== 'open') return ignored(state)
  if (state.agent !== undefined) return ignored(state)
  const open: RunnerState = {
    ...state,
    phase: 'open',
    agentSession: ready.agentSession,
    agent: { phase: 'ready', agentGeneration, permissions: [] },
  }
  // What was chosen while it started came too late for its start.
  const step = after(told(open, [{ type: 'agent-ready', ...ready }]), (there) =>
    choose(there, sinceStart(state.chosen, chosen)),
  )
  const { restore } = state
  if (restore === undefined || state.phase === 'open') return after(step, advance)
  return { ...step, effects: [...step.effects, effectOf(restore)] }
}

function choose(state: RunnerState, chosen: Chosen): RunnerStep {
  const effects: Effect[] =
    state.agent?.phase === 'ready' && Object.keys(chosen).length > 0
      ? [{ type: 'choose', chosen }]
      : []
  return { state, reports: [], effects }
}

/** Passes on how it stands with the connection; only its last word on a start concerns those who wait for it. */
function linked(
  state: RunnerState,
  { link, step }: Extract<Input, { readonly type: 'agent-link' }>,
): RunnerStep {
  const known = told({ ...state, link }, [{ type: 'agent-link', link }])
  if (link.state === 'ready') return after(known, advance)
  if (link.state === 'disposed') return state.phase === 'closing' ? after(known, closed) : known
  const isLast = link.state === 'failed' || link.state === 'blocked' || link.state === 'idle'
  if (!isLast) return known
  if (state.phase === 'preparing')
    return after(known, (calm) => prepareFailed(calm, problemOf(link, step)))
  return state.phase === 'open' && state.turn?.phase === 'waiting'
    ? after(known, (calm) => finishTurn(calm, unavailable(link)))
    : known
}

function prepareFailed(state: RunnerState, problem: Problem): RunnerStep {
  if (state.phase !== 'preparing') return ignored(state)
  const { restore, ...rest } = state
  const lost = restore === undefined ? [] : [restoreFailed(restore.restore, problem.message)]
  const step = told({ ...rest, phase: 'idle' }, [...lost, { type: 'prepare-failed', ...problem }])
  if (state.turn === undefined) return step
  return after(step, (idle) =>
    finishTurn(idle, { error: { code: 'agent-start-failed', message: problem.message } }),
  )
}

function agentExited(
  { state, agent }: Present,
  { exit }: Extract<Input, { readonly type: 'agent-exited' }>,
  now: number,
): RunnerStep {
  const { agent: _, ...gone } = state
  const report: Report = {
    type: 'agent-exited',
    agentGeneration: agent.agentGeneration,
    ...(exit.code === undefined ? {} : { code: exit.code }),
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    expected: agent.phase === 'ending',
    stderr: [...exit.stderr],
  }
  const step = told(gone, [report])
  const { turn } = state
  if (turn?.phase !== 'running') return after(step, advance)
  const forced: Ending = {
    error: { code: 'interrupt-forced', message: 'The agent did not stop in time and was ended.' },
  }
  const ended = state.phase === 'closing' ? endedBy(state) : 'The agent was restarted as asked.'
  const why = agent.phase === 'ending' ? ended : exitSentence(exit)
  return after(step, (calm) =>
    settle({ state: calm, turn }, turn.forced ? forced : agentGone(why), now),
  )
}

// Turns.

/** Brings a waiting turn as far as it can go now: to the checkpoint before it, or to starting an agent. */
function advance(state: RunnerState): RunnerStep {
  const { turn, agent, restore, saving } = state
  if (turn?.phase !== 'waiting' || state.phase === 'preparing') return ignored(state)
  if (restore !== undefined || saving !== undefined || state.phase === 'closing')
    return ignored(state)
  if (state.phase === 'idle')
    return finishTurn(state, {
      error: { code: 'agent-start-failed', message: 'The workspace is not prepared.' },
    })
  if (!canSend(state, agent)) return awaitAgent(state)
  return {
    state: { ...state, turn: { ...turn, phase: 'saving' } },
    reports: [],
    effects: [
      { type: 'save', turn: turn.turn, at: 'before', promptId: turn.promptId, hurried: false },
    ],
  }
}

function saved(state: RunnerState, number: number, result: Saved): RunnerStep {
  const { turn, saving } = state
  if (saving?.turn === number) return savedAfter(state, number, result)
  return turn?.turn === number && turn.phase === 'saving'
    ? after(told(state, warningsOf(result)), (calm) => take(calm, turn))
    : ignored(state)
}

function savedAfter(state: RunnerState, number: number, result: Saved): RunnerStep {
  const { saving: _, ...rest } = state
  const reports = [...warningsOf(result), changesOf(number, result)]
  return after(told(rest, reports), goOn)
}

/** What waited for the checkpoint after a turn: the runner's own end, the commit of the turn, a restore, the next turn. */
function goOn(state: RunnerState): RunnerStep {
  const { turn, restore, finish, phase, link } = state
  if (phase === 'closing') return link?.state === 'disposed' ? closed(state) : ignored(state)
  if (turn?.phase === 'finishing') {
    const { ending = {}, text } = turn
    if (finish === undefined || turn.cancelBy !== undefined) return finishTurn(state, ending)
    return { state, reports: [], effects: [{ type: 'commit', turn: turn.turn, text, finish }] }
  }
  if (restore !== undefined) return { state, reports: [], effects: [effectOf(restore)] }
  return advance(state)
}

/** A turn waits for its agent, and does not when it would wait for ever. */
function awaitAgent(state: RunnerState): RunnerStep {
  switch (state.link?.state) {
    case 'failed':
      return finishTurn(state, unavailable(state.link))
    case 'idle':
      return restartAgent(state)
    case 'blocked':
      // Whether the person has signed in is known only by trying.
      return restartAgent(state)
    case 'disposed':
    case 'starting':
    case 'ready':
    case 'degraded':
    case 'stopping':
    case 'backoff':
    case undefined:
      return ignored(state)
  }
}

/** Hands the prompt over; or waits again, when the agent went away meanwhile. */
function take(state: RunnerState, turn: Turn): RunnerStep {
  if (!canSend(state, state.agent))
    return advance({ ...state, turn: { ...turn, phase: 'waiting' } })
  const { text, attachments } = turn
  return {
    state: { ...state, turn: { ...turn, phase: 'running' } },
    reports: [{ type: 'turn-taken', turn: turn.turn }],
    effects: [{ type: 'send-prompt', turn: turn.turn, text, attachments }],
  }
}

/** The agent is done with a turn it was given: its end is told, and what it changed is looked at. */
function settle(
  { state, turn }: { readonly state: RunnerState; readonly turn: Turn },
  ending: Ending,
  now: number,
): RunnerStep {
  const { agent, finish } = state
  const isClosing = state.phase === 'closing'
  const busy: RunnerState = {
    ...state,
    saving: { turn: turn.turn, ...(isClosing ? { until: now + closingSaveMs } : {}) },
  }
  const save: Effect = { type: 'save', turn: turn.turn, at: 'after', hurried: isClosing }
  const isFinished =
    finish === undefined || !completed(ending) || turn.cancelBy !== undefined || isClosing
  if (isFinished) {
    const step = finishTurn(busy, ending)
    return { ...step, effects: [...step.effects, save] }
  }
  const finishing: RunnerState = {
    ...busy,
    turn: { ...turn, phase: 'finishing', ending },
    ...(agent === undefined ? {} : { agent: { ...agent, permissions: [] } }),
  }
  return { state: finishing, reports: [], effects: [...withdraw(agent), save] }
}

function committed(
  state: RunnerState,
  number: number,
  result: Extract<Input, { type: 'committed' }>['result'],
): RunnerStep {
  const { turn } = state
  if (turn?.turn !== number || turn.phase !== 'finishing') return ignored(state)
  const finish = result === undefined ? {} : { finish: result }
  return finishTurn(state, { ...turn.ending, ...finish })
}

/** The one way a turn ends while the runner lives; the one that waited behind it goes on. */
function finishTurn(state: RunnerState, ending: Ending): RunnerStep {
  const { turn, next, ...rest } = state
  if (turn === undefined) return ignored(state)
  const { agent } = rest
  const withdrawn = withdraw(agent)
  const calm: RunnerState = {
    ...rest,
    ...(agent === undefined ? {} : { agent: { ...agent, permissions: [] } }),
    ...(next === undefined ? {} : { turn: next }),
  }
  return after({ state: calm, reports: [finished(turn, ending)], effects: withdrawn }, advance)
}
