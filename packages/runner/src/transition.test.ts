import { type AgentLink, type Command, limits, type Report, reportSchema } from '@belay/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Effect } from './effect.ts'
import type { Input, Planned, Saved } from './input.ts'
import { closingSaveMs, initial, nextAlarm, type RunnerState } from './state.ts'
import { transition } from './transition.ts'

const workspace = { type: 'folder', path: '/w' } as const
const ready = {
  agent: { name: 'demo', title: 'Demo', demo: true },
  agentSession: 'a1',
  restored: 'new',
  folder: '/w',
  fence: 'process-tree',
} as const
const problem = { step: 'agent-start', code: 'agent-start-failed', message: 'no' } as const
const ask = { title: 'May I?', options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }] }

const prepareCommand: Command = {
  type: 'prepare',
  workspace,
  agent: { name: 'demo' },
  cancelMs: 6000,
}
const command = (one: Command): Input => ({ type: 'command', command: one })
const prompt = (turn: number): Input =>
  command({ type: 'prompt', turn, promptId: `p${turn}`, text: `text ${turn}` })
const interrupt = (turn: number): Input => command({ type: 'interrupt', turn })
const update = (sessionUpdate: string, agentGeneration = 1): Input => ({
  type: 'agent-updated',
  agentGeneration,
  update: { sessionUpdate, content: { type: 'text', text: 'x' } },
})
const settled = (turn: number, stopReason = 'end_turn', agentGeneration = 1): Input => ({
  type: 'prompt-settled',
  agentGeneration,
  turn,
  settled: { stopReason },
})
const exited = (agentGeneration = 1): Input => ({
  type: 'agent-exited',
  agentGeneration,
  exit: { code: 3, stderr: [] },
})
const link = (fields: Partial<AgentLink>): Input => ({
  type: 'agent-link',
  step: 'agent-start',
  link: {
    state: 'ready',
    generation: 1,
    since: 1,
    attempt: 0,
    attemptsMax: 4,
    canSend: 'send',
    actions: [],
    ...fields,
  },
})
const failedLink = link({
  state: 'failed',
  cause: { code: 'crash', title: 'The agent stopped (exit 1).', detail: 'one\ntwo' },
})
const blockedLink = link({
  state: 'blocked',
  cause: { code: 'sign-in-needed', title: 'The agent needs a sign-in.' },
})
const disposedLink = link({ state: 'disposed' })
const asked = (id: number): Input => ({ type: 'agent-asked', agentGeneration: 1, id, ask })

/** Runs inputs one after the other and keeps all that came of them, reports and effects in the order of steps. */
function run(...inputs: readonly Input[]) {
  return runFrom(initial(1), inputs)
}
const same: Saved = { changes: { files: [], patch: '' } }
function runFrom(start: RunnerState, inputs: readonly Input[]) {
  let state = start
  const reports: Report[] = []
  /** Apart, because after a turn they come of themselves here; where they come is tested below. */
  const changes: Report[] = []
  const effects: Effect[] = []
  const feed = (input: Input, now: number) => {
    const step = transition(state, input, now)
    state = step.state
    for (const report of step.reports)
      (report.type === 'turn-changes' ? changes : reports).push(report)
    for (const effect of step.effects) {
      // Hands that save at once; what they may do otherwise is below.
      if (effect.type !== 'save') effects.push(effect)
      else feed({ type: 'saved', turn: effect.turn, saved: effect.at === 'after' ? same : {} }, now)
    }
  }
  inputs.forEach((input, index) => feed(input, 1000 * (index + 1)))
  return {
    state,
    reports,
    changes,
    effects,
    types: reports.map((report) => report.type),
    todo: effects.map((effect) => effect.type),
  }
}
const readyInput: Extract<Input, { type: 'agent-ready' }> = {
  type: 'agent-ready',
  agentGeneration: 1,
  ready,
}
const open: readonly Input[] = [command(prepareCommand), { type: 'workspace-ready' }, readyInput]
const running: readonly Input[] = [...open, prompt(1)]
function after(before: readonly Input[], ...inputs: readonly Input[]) {
  return runFrom(run(...before).state, inputs)
}

describe('a turn', () => {
  test('[R-1] is taken on disk in the step that hands it over', () => {
    const step = after(open, prompt(1))
    expect(step.reports).toEqual([{ type: 'turn-taken', turn: 1 }])
    expect(step.effects).toEqual([{ type: 'send-prompt', turn: 1, text: 'text 1' }])
  })

  test('[R-1] waits for the preparation, and is handed over when the agent is ready', () => {
    const step = run(command(prepareCommand), prompt(1), { type: 'workspace-ready' }, readyInput)
    expect(step.types).toEqual(['agent-ready', 'turn-taken'])
    expect(step.todo).toEqual(['prepare-workspace', 'keep-agent', 'send-prompt'])
  })

  test.each([['end_turn'], ['max_tokens'], ['max_turn_requests'], ['refusal'], ['cancelled']])(
    '[R-2] ends with what the agent says: %s',
    (stopReason) => {
      expect(after(running, settled(1, stopReason), settled(1, stopReason)).reports).toEqual([
        { type: 'turn-finished', turn: 1, stopReason },
      ])
    },
  )

  test('[R-2] with a stop reason from the future is an error that names it', () => {
    expect(after(running, settled(1, 'bored')).reports).toMatchObject([
      { error: { code: 'agent-error', message: expect.stringContaining('bored') } },
    ])
  })

  test('[R-2] [R-50] cut by the end of the agent is finished once, after the exit, and the next waits for the agent, which comes back by itself', () => {
    const cut = after(running, exited(), exited())
    expect(cut.types).toEqual(['agent-exited', 'turn-finished'])
    expect(cut.reports[0]).toMatchObject({ agentGeneration: 1, code: 3, expected: false })
    expect(cut.reports[1]).toMatchObject({ error: { code: 'agent-exited' } })
    const next = runFrom(cut.state, [
      link({ state: 'backoff', canSend: 'queue' }),
      prompt(2),
      link({ state: 'starting', generation: 2 }),
      { type: 'agent-ready', agentGeneration: 2, ready: { ...ready, restored: 'resumed' } },
    ])
    expect(next.effects).toEqual([{ type: 'send-prompt', turn: 2, text: 'text 2' }])
    expect(next.types).toEqual(['agent-link', 'agent-link', 'agent-ready', 'turn-taken'])
  })

  test('[R-2] [R-51] whose agent cannot be started again says so', () => {
    const failed = after(running, exited(), prompt(2), failedLink, prompt(3))
    expect(failed.reports.slice(-1)).toMatchObject([
      {
        turn: 3,
        error: {
          code: 'agent-start-failed',
          message:
            'The agent stopped (exit 1). Restart the agent when the cause is gone, then send the prompt again. one\ntwo',
        },
      },
    ])
    expect(failed.types).toEqual([
      'agent-exited',
      'turn-finished',
      'agent-link',
      'turn-finished',
      'turn-finished',
    ])
    expect(failed.todo).toEqual([])
    expect(failed.state.agent).toBeUndefined()
  })

  test('[R-51] of an agent that wants a sign-in asks whether there is one now, and ends when there is not', () => {
    const blocked = after(running, exited(), blockedLink, prompt(2))
    expect(blocked.todo).toEqual(['restart-agent'])
    const again = runFrom(blocked.state, [link({ state: 'starting' }), blockedLink])
    expect(again.reports.at(-1)).toMatchObject({
      turn: 2,
      error: { code: 'sign-in-needed', message: expect.stringContaining('Sign in') },
    })
  })

  test('[R-2] that nothing was prepared for is refused', () => {
    expect(run(prompt(1)).reports).toMatchObject([
      { type: 'turn-finished', turn: 1, error: { code: 'agent-start-failed' } },
    ])
  })

  test('[R-2] that is followed by another before its end is stopped, and the other goes on after it', () => {
    const step = after(running, prompt(2))
    expect(step.todo).toEqual(['cancel-prompt'])
    const rest = runFrom(step.state, [settled(1, 'cancelled')])
    expect(rest.types).toEqual(['turn-finished', 'turn-taken'])
    expect(rest.todo).toEqual(['send-prompt'])
  })
})

describe('a stop', () => {
  test('[R-3] before the prompt was handed over finishes it, and the agent never hears of it', () => {
    const early = run(
      command(prepareCommand),
      prompt(1),
      interrupt(1),
      { type: 'workspace-ready' },
      readyInput,
    )
    expect(early.reports[0]).toEqual({ type: 'turn-finished', turn: 1, stopReason: 'cancelled' })
    expect(early.todo).not.toContain('send-prompt')
    expect(early.types).not.toContain('turn-taken')
    const behind = after(running, prompt(2), interrupt(2), settled(1, 'cancelled'))
    expect(
      behind.reports.map((report) => ('turn' in report ? [report.type, report.turn] : [])),
    ).toEqual([
      ['turn-finished', 2],
      ['turn-finished', 1],
    ])
  })

  test('[R-4] for a turn that is not there changes nothing', () => {
    const { state } = run(...running)
    expect(transition(state, interrupt(7), 1)).toEqual({ state, reports: [], effects: [] })
    const idle = run(...open).state
    expect(transition(idle, interrupt(1), 1)).toEqual({ state: idle, reports: [], effects: [] })
  })

  test('[R-23] answers every open permission as cancelled, after the cancel, and every later one at once', () => {
    const step = after(running, asked(1), asked(2), interrupt(1), asked(3))
    expect(step.effects).toEqual([
      { type: 'cancel-prompt' },
      { type: 'answer-permission', id: 1, optionId: undefined },
      { type: 'answer-permission', id: 2, optionId: undefined },
      { type: 'answer-permission', id: 3, optionId: undefined },
    ])
    expect(step.types).toEqual(['permission-asked', 'permission-asked'])
  })

  test('[R-5] that is not obeyed by its deadline ends the agent, and the turn once it is gone', () => {
    const { state } = after(running, interrupt(1))
    expect(nextAlarm(state)).toBe(1000 + 6000)
    expect(transition(state, { type: 'alarm' }, 6999).effects).toEqual([])
    const forced = transition(state, { type: 'alarm' }, 7000)
    expect(forced.effects).toEqual([{ type: 'restart-agent' }])
    expect(nextAlarm(forced.state)).toBeUndefined()
    const gone = runFrom(forced.state, [exited()])
    expect(gone.reports).toMatchObject([
      { type: 'agent-exited', expected: true },
      { type: 'turn-finished', error: { code: 'interrupt-forced' } },
    ])
  })

  test('[R-5] that the agent obeys with an error counts as obeyed', () => {
    const failure: Input = {
      type: 'prompt-settled',
      agentGeneration: 1,
      turn: 1,
      settled: { failure: { code: 'agent-error', message: 'aborted' } },
    }
    expect(after(running, interrupt(1), failure).reports).toEqual([
      { type: 'turn-finished', turn: 1, stopReason: 'cancelled' },
    ])
    expect(after(running, failure).reports).toMatchObject([
      { error: { code: 'agent-error', message: 'aborted' } },
    ])
  })
})

describe('a permission', () => {
  test('[R-23] is answered once, with the number it has for the agent', () => {
    const step = after(running, asked(5))
    expect(step.reports).toMatchObject([
      { type: 'permission-asked', turn: 1, permissionId: '1-1-5', title: 'May I?' },
    ])
    const answer = command({ type: 'answer', permissionId: '1-1-5', optionId: 'y' })
    expect(runFrom(step.state, [answer, answer]).effects).toEqual([
      { type: 'answer-permission', id: 5, optionId: 'y' },
    ])
  })

  test('[R-23] that the agent takes back is told as gone, once', () => {
    const gone: Input = { type: 'agent-unasked', agentGeneration: 1, id: 5 }
    expect(after(running, asked(5), gone, gone).reports.slice(1)).toEqual([
      { type: 'permission-gone', permissionId: '1-1-5' },
    ])
  })

  test('[R-23] outside a turn is answered as cancelled', () => {
    expect(after(open, asked(1)).effects).toEqual([
      { type: 'answer-permission', id: 1, optionId: undefined },
    ])
  })
})

describe('facts', () => {
  test.each([
    [update('agent_message_chunk', 2)],
    [exited(2)],
    [settled(1, 'end_turn', 2)],
    [{ ...readyInput, agentGeneration: 9 }],
  ])('[R-6] of another agent process come to nothing: %j', (input) => {
    const { state } = run(...running)
    expect(transition(state, input, 1)).toEqual({ state, reports: [], effects: [] })
  })

  test('[R-6] of a turn that is over open it no more, and what belongs to no turn is carried', () => {
    const step = after(running, settled(1), settled(1), update('usage_update'))
    expect(step.types).toEqual(['turn-finished', 'agent-update'])
  })
})

describe('closing', () => {
  test('[R-22] ends the agent, finishes the turn and the one behind it, and then the runner', () => {
    const step = after(
      running,
      prompt(2),
      command({ type: 'close', reason: 'deleted' }),
      update('agent_message_chunk'),
      exited(),
      disposedLink,
    )
    expect(step.types.filter((type) => type !== 'text')).toEqual([
      'agent-exited',
      'turn-finished',
      'agent-link',
      'turn-finished',
      'closing',
    ])
    expect(step.todo).toEqual(['cancel-prompt', 'end-agent', 'finish'])
  })

  test('[R-22] while the workspace is prepared needs no agent', () => {
    const step = run(
      command(prepareCommand),
      command({ type: 'close', reason: 'x' }),
      { type: 'workspace-ready' },
      prompt(1),
    )
    expect(step.types).toEqual(['closing', 'turn-finished'])
    expect(step.todo).toEqual(['prepare-workspace', 'finish'])
  })

  test('[R-22] while the agent starts waits for its end', () => {
    const step = run(
      command(prepareCommand),
      { type: 'workspace-ready' },
      { type: 'close-asked', reason: 'x' },
      readyInput,
      link({ state: 'stopping' }),
      disposedLink,
    )
    expect(step.todo).toEqual(['prepare-workspace', 'keep-agent', 'end-agent', 'finish'])
    expect(step.types).toEqual(['agent-link', 'agent-link', 'closing'])
  })
})

/** A turn whose checkpoints are made by hand. */
describe('a checkpoint', () => {
  const saved = (turn: number, what: Saved = {}): Input => ({ type: 'saved', turn, saved: what })
  const changes = { files: [{ path: 'a', status: 'added' as const }], patch: '+a' }
  function play(...inputs: readonly Input[]) {
    let state = run(...open).state
    const all: string[] = []
    for (const input of inputs) {
      const step = transition(state, input, 1000)
      state = step.state
      all.push(...step.reports.map(({ type }) => type))
      all.push(...step.effects.map((effect) => effect.type))
    }
    return { state, all }
  }
  const taken = [prompt(1), saved(1)]
  const unknown = (why: string) => ({ problem: `What turn 1 changed is not known: ${why}` })
  const runByHand = (state: RunnerState, input: Input) => transition(state, input, 1000)

  test('[R-30] comes before the prompt is taken', () => {
    expect(play(prompt(1)).all).toEqual(['save'])
    expect(play(...taken).all).toEqual(['save', 'turn-taken', 'send-prompt'])
  })

  test('[R-276] is begun with when its prompt is on its way, where nothing else works on the files', () => {
    const coming: Input = { type: 'prompt-coming', promptId: 'p1' }
    expect(play(coming).all).toEqual(['look-ahead'])
    // Nothing follows from it.
    expect(play(coming).state).toEqual(run(...open).state)
    expect(play(coming, ...taken).all).toEqual(['look-ahead', 'save', 'turn-taken', 'send-prompt'])
    const restore = command({ type: 'restore', turn: 1, to: 'before' })
    for (const before of [[prompt(1)], taken, [...taken, settled(1)], [restore], [exited()]])
      expect(play(...before, coming).all).toEqual(play(...before).all)
    expect(run(command(prepareCommand), coming).todo).toEqual(['prepare-workspace'])
    expect(run(...open, { type: 'close-asked', reason: 'x' }, coming).todo).not.toContain(
      'look-ahead',
    )
  })

  test('[R-120] [R-122] comes after the end is told, and then what the turn changed', () => {
    const begun = play(...taken).state
    const end = runByHand(begun, settled(1))
    expect(end.reports).toEqual([{ type: 'turn-finished', turn: 1, stopReason: 'end_turn' }])
    expect(end.effects).toEqual([{ type: 'save', turn: 1, at: 'after', hurried: false }])
    expect(runByHand(end.state, saved(1, { changes })).reports).toEqual([
      { type: 'turn-changes', turn: 1, ...changes },
    ])
    const dead = runByHand(begun, exited())
    expect(dead.reports.map(({ type }) => type)).toEqual(['agent-exited', 'turn-finished'])
    expect(dead.effects).toEqual([{ type: 'save', turn: 1, at: 'after', hurried: false }])
  })

  test.each<readonly [string, Saved, object]>([
    ['nothing', { changes: { files: [], patch: '' } }, { files: [], patch: '' }],
    ['a problem', { problem: 'Git was stopped.' }, unknown('Git was stopped.')],
    ['a warning', { warning: 'too large' }, unknown('too large')],
    ['no word', {}, unknown('the folder was not looked at after it.')],
  ])(
    '[R-122] that says %s is told as that, and never as nothing when it is not known',
    (_, what, told) => {
      const { state } = play(...taken, settled(1))
      const step = runByHand(state, saved(1, what))
      expect(step.reports.at(-1)).toEqual({
        type: 'turn-changes',
        turn: 1,
        files: [],
        patch: '',
        ...told,
      })
      expect(runByHand(step.state, saved(1, { changes })).reports).toEqual([])
    },
  )

  test('[R-121] holds back the next turn, which a person stops at once, and a restore', () => {
    const { state } = play(...taken, settled(1))
    const waiting = runByHand(state, prompt(2))
    expect(waiting.effects).toEqual([])
    expect(runByHand(waiting.state, interrupt(2)).reports).toEqual([
      { type: 'turn-finished', turn: 2, stopReason: 'cancelled' },
    ])
    const goesOn = runByHand(waiting.state, saved(1, { changes }))
    expect(goesOn.effects).toEqual([
      { type: 'save', turn: 2, at: 'before', promptId: 'p2', hurried: false },
    ])
    const restore = { turn: 1, to: 'before' } as const
    const asking = runByHand(state, command({ type: 'restore', ...restore }))
    expect([...asking.reports, ...asking.effects]).toEqual([])
    expect(runByHand(asking.state, saved(1, {})).effects).toEqual([{ type: 'restore', restore }])
  })

  test('[R-121] holds back a prompt that came before its turn was over', () => {
    const { state } = play(...taken, prompt(2), settled(1, 'cancelled'))
    expect(state.turn).toMatchObject({ turn: 2, phase: 'waiting' })
    expect(runByHand(state, saved(1, {})).effects).toMatchObject([{ turn: 2, at: 'before' }])
  })

  test('[R-121] [R-123] is waited for by a runner that closes, and what came of it is told before', () => {
    const close: Input = { type: 'close-asked', reason: 'over' }
    const { state } = play(...taken, settled(1), close, exited(), disposedLink)
    expect(state.phase).toBe('closing')
    const step = runByHand(state, saved(1, { changes }))
    expect(step.reports.map(({ type }) => type)).toEqual(['turn-changes', 'closing'])
    expect(step.effects).toEqual([{ type: 'finish' }])
  })

  test('[R-123] of a runner that closes is given up after a second, and that is told', () => {
    const close: Input = { type: 'close-asked', reason: 'over' }
    const { state } = play(...taken, settled(1), close, exited(), disposedLink)
    expect(nextAlarm(state)).toBe(1000 + closingSaveMs)
    expect(transition(state, { type: 'alarm' }, 999 + closingSaveMs).effects).toEqual([])
    const step = transition(state, { type: 'alarm' }, 1000 + closingSaveMs)
    expect(step.reports).toMatchObject([
      {
        type: 'turn-changes',
        turn: 1,
        files: [],
        problem: expect.stringContaining('before the folder'),
      },
      { type: 'closing' },
    ])
    expect(step.effects).toEqual([{ type: 'stop-saving' }, { type: 'finish' }])
  })

  test('[R-120] [R-123] after a turn that the closing runner cut is made in a hurry', () => {
    const close: Input = { type: 'close-asked', reason: 'over' }
    const { state } = play(...taken, close)
    const step = runByHand(state, exited())
    expect(step.reports).toMatchObject([
      { type: 'agent-exited', expected: true },
      {
        type: 'turn-finished',
        error: { message: 'Belay’s process beside the agent ended it: over' },
      },
    ])
    expect(step.effects).toEqual([{ type: 'save', turn: 1, at: 'after', hurried: true }])
    expect(nextAlarm(step.state)).toBe(1000 + closingSaveMs)
  })

  test('[R-30] [R-35] that cannot be made is a warning, and the turn goes on', () => {
    expect(play(prompt(1), saved(1, { warning: 'too large' })).all).toEqual([
      'save',
      'warning',
      'turn-taken',
      'send-prompt',
    ])
  })

  test('[R-3] under way is given up by a stop, and the agent never hears of the prompt', () => {
    expect(play(prompt(1), interrupt(1), saved(1)).all).toEqual([
      'save',
      'turn-finished',
      'stop-saving',
    ])
  })

  test('[R-2] during which the agent goes away is made again once it is back', () => {
    const { state, all } = play(prompt(1), exited(), saved(1))
    expect(all).toEqual(['save', 'agent-exited'])
    expect(state.turn?.phase).toBe('waiting')
  })

  test('[R-5] after a turn that was stopped has its time, and no clock runs for it', () => {
    const { state } = play(...taken, interrupt(1))
    const step = transition(state, settled(1, 'cancelled'), 1000)
    expect(step.effects).toEqual([{ type: 'save', turn: 1, at: 'after', hurried: false }])
    expect(nextAlarm(step.state)).toBeUndefined()
  })
})

describe('a finish', () => {
  const prepared = command({ ...prepareCommand, finish: { commit: true } })
  const base = run(prepared, { type: 'workspace-ready' }, readyInput, prompt(1)).state
  const result = { commit: 'c0ffee', branch: 'main' }

  test('[R-38] [R-120] follows a turn that completed, and the end of the turn follows it', () => {
    const step = runFrom(base, [settled(1)])
    expect(step.effects).toEqual([
      { type: 'commit', turn: 1, text: 'text 1', finish: { commit: true } },
    ])
    expect(step.reports).toEqual([])
    expect(step.changes).toHaveLength(1)
    expect(runFrom(step.state, [{ type: 'committed', turn: 1, result }]).reports).toEqual([
      { type: 'turn-finished', turn: 1, stopReason: 'end_turn', finish: result },
    ])
  })

  test.each([['refusal'], ['cancelled']])('[R-38] follows no turn that ended with %s', (reason) => {
    expect(runFrom(base, [settled(1, reason)]).types).toEqual(['turn-finished'])
  })

  test('[R-38] is stopped by a stop of its turn, which completed all the same', () => {
    const step = runFrom(base, [settled(1), interrupt(1)])
    expect(step.todo).toEqual(['commit', 'stop-saving'])
    const warning = { warning: 'stopped' }
    expect(
      runFrom(step.state, [{ type: 'committed', turn: 1, result: warning }]).reports,
    ).toMatchObject([{ stopReason: 'end_turn', finish: warning }])
  })
})

describe('a restore', () => {
  const restore = { turn: 1, to: 'before' } as const
  const askRestore = command({ type: 'restore', ...restore })
  const done: Input = { type: 'restored', restore, result: { files: 2 } }

  test('[R-36] holds back the prompt behind it, and is told when it is done', () => {
    const step = after(open, askRestore, prompt(1))
    expect(step.todo).toEqual(['restore'])
    expect(runFrom(step.state, [done]).types).toEqual(['restored', 'turn-taken'])
  })

  test('[R-36] asked for while preparing waits for the agent', () => {
    const early = run(command(prepareCommand), askRestore)
    expect(early.todo).toEqual(['prepare-workspace'])
    const later = runFrom(early.state, [{ type: 'workspace-ready' }, readyInput])
    expect(later.todo).toEqual(['keep-agent', 'restore'])
  })

  test('[R-36] beside a turn, or without a workspace, is refused', () => {
    expect(after(running, askRestore).types).toEqual(['restore-failed'])
    expect(run(askRestore).types).toEqual(['restore-failed'])
    const failed = run(command(prepareCommand), askRestore, { type: 'workspace-failed', problem })
    expect(failed.types).toEqual(['restore-failed', 'prepare-failed'])
  })

  const askPlan = command({ type: 'plan-restore', ...restore })
  const notes = ['b is left out.']
  const result: Planned = { back: [{ path: 'a', does: 'change' }], stay: [], notes }
  const planned: Input = { type: 'planned', restore, result }

  test('[R-135] a plan holds back the prompt behind it, and is told', () => {
    const step = after(open, askPlan, prompt(1))
    expect(step.todo).toEqual(['plan'])
    const told = runFrom(step.state, [planned])
    expect(told.types).toEqual(['restore-planned', 'turn-taken'])
    expect(told.reports[0]).toEqual({ type: 'restore-planned', ...restore, ...result })
    expect(runFrom(step.state, [done]).types).toEqual([])
  })

  test('[R-135] a plan is refused where a restore would be, and waits where one would', () => {
    expect(after(running, askPlan).types).toEqual(['restore-failed'])
    expect(run(askPlan).types).toEqual(['restore-failed'])
    expect(after(open, askRestore, askPlan).types).toEqual(['restore-failed'])
    const early = run(command(prepareCommand), askPlan)
    const later = runFrom(early.state, [{ type: 'workspace-ready' }, readyInput])
    expect(later.todo).toEqual(['keep-agent', 'plan'])
    const failed: Input = { type: 'planned', restore, result: { message: 'There is none.' } }
    expect(runFrom(later.state, [failed]).reports).toEqual([
      { type: 'restore-failed', ...restore, message: 'There is none.' },
    ])
  })

  test('[R-135] what a person takes too reaches the hands, and no report', () => {
    const step = after(open, command({ type: 'restore', ...restore, take: ['a'] }))
    expect(step.effects).toEqual([{ type: 'restore', restore: { ...restore, take: ['a'] } }])
    const taken = { ...restore, take: ['a'] }
    const stayed = { files: 1, stayed: 2, notes }
    expect(
      runFrom(step.state, [{ type: 'restored', restore: taken, result: stayed }]).reports,
    ).toEqual([{ type: 'restored', ...restore, ...stayed }])
  })
})

test('[R-24] a preparation that failed says where and why, and may be tried again', () => {
  const failed = run(command(prepareCommand), prompt(1), {
    type: 'workspace-failed',
    problem: { ...problem, step: 'clone', code: 'clone-failed' },
  })
  expect(failed.types).toEqual(['prepare-failed', 'turn-finished'])
  expect(runFrom(failed.state, [command(prepareCommand)]).todo).toEqual(['prepare-workspace'])
})

test('[R-2] [R-6] [R-122] in any order of anything, every turn that arrived is finished at most once, and once when the runner closed', () => {
  const input = fc.oneof(
    fc.constantFrom<Input>(...open, { type: 'alarm' }, { type: 'workspace-failed', problem }),
    fc.integer({ min: 1, max: 6 }).map(interrupt),
    fc.constantFrom('agent_message_chunk', 'tool_call', 'usage_update').map((kind) => update(kind)),
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }))
      .map(([generation, turn]) => settled(turn, 'end_turn', generation)),
    fc.integer({ min: 1, max: 3 }).map(exited),
    fc
      .integer({ min: 1, max: 3 })
      .map((agentGeneration): Input => ({ ...readyInput, agentGeneration })),
    fc
      .integer({ min: 1, max: 3 })
      .map((generation): Input => link({ state: 'backoff', generation })),
    fc.constantFrom<Input>(failedLink, blockedLink),
    fc.integer({ min: 1, max: 9 }).map(asked),
    fc.constant<'prompt'>('prompt'),
  )
  let finishedTurns = 0
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
      let turns = 0
      const numbered = inputs.map((one) => (one === 'prompt' ? prompt(++turns) : one))
      const before = run(...open, ...numbered)
      const closing = runFrom(before.state, [{ type: 'close-asked', reason: 'over' }])
      const end = runFrom(closing.state, [
        exited(closing.state.agent?.agentGeneration),
        disposedLink,
      ])
      const reports = [...before.reports, ...closing.reports, ...end.reports]
      const changes = [...before.changes, ...closing.changes, ...end.changes]
      for (const report of [...reports, ...changes]) reportSchema.parse(report)
      for (let turn = 1; turn <= turns; turn++) {
        const ends = reports.filter(
          (report) => report.type === 'turn-finished' && report.turn === turn,
        )
        expect(ends).toHaveLength(1)
        finishedTurns += 1
        const sends = before.effects.filter(
          (effect) => effect.type === 'send-prompt' && effect.turn === turn,
        )
        const takes = before.reports.filter(
          (report) => report.type === 'turn-taken' && report.turn === turn,
        )
        expect(sends).toHaveLength(takes.length)
        expect(takes.length).toBeLessThanOrEqual(1)
        const told = changes.filter((report) => 'turn' in report && report.turn === turn)
        expect(told).toHaveLength(takes.length)
      }
    }),
    { numRuns: 300 },
  )
  expect(finishedTurns).toBeGreaterThan(100)
})

describe('what an agent offers', () => {
  const modes = { current: 'a', available: [{ id: 'a', name: 'A' }] }
  const offered: Input = { type: 'agent-offered', agentGeneration: 1, offer: { modes } }
  const choose = (mode: string): Input => command({ type: 'choose', mode })

  test('[R-60] what was chosen is told to an agent that is ready, and to every one that is started later', () => {
    const again = { ...readyInput, agentGeneration: 2, chosen: { mode: 'b' } }
    const { effects, state } = run(...open, choose('b'), exited(), again)
    expect(effects.filter(({ type }) => type === 'choose')).toEqual([
      { type: 'choose', chosen: { mode: 'b' } },
    ])
    expect(state.chosen).toEqual({ mode: 'b' })
  })

  test('[R-60] what was chosen while an agent started is told once it is ready', () => {
    const [prepared, there] = open
    if (prepared === undefined || there === undefined) throw new Error('three inputs')
    const { effects } = run(prepared, there, choose('b'), readyInput)
    expect(effects.at(-1)).toEqual({ type: 'choose', chosen: { mode: 'b' } })
    expect(run(...open).todo).not.toContain('choose')
  })

  test('[R-6] [R-60] what a dead agent would not have changes no choice; one that is being started may offer', () => {
    const dead = run(...open, choose('b'), exited(), link({ state: 'backoff' }), offered)
    expect(dead.state.chosen).toEqual({ mode: 'b' })
    const early = runFrom(dead.state, [link({ state: 'starting' }), offered])
    expect(early.types).toEqual(['agent-link', 'agent-offer'])
  })

  test('[R-61] an offer and a refusal are told as they are, and a choice follows what the agent says', () => {
    const { reports, state } = run(...open, choose('b'), offered, {
      type: 'choice-refused',
      agentGeneration: 1,
      message: 'no',
    })
    expect(reports.slice(-2)).toEqual([
      { type: 'agent-offer', modes },
      { type: 'warning', code: 'choice-refused', message: 'no' },
    ])
    expect(state.chosen).toEqual({ mode: 'a' })
  })
})

describe('words after the end of a turn', () => {
  const say = (agentGeneration = 1) => update('agent_message_chunk', agentGeneration)
  /** Runs a turn to its end, then feeds each input at its own time after it. */
  function afterEnd(...inputs: readonly (readonly [ms: number, input: Input])[]) {
    const base = run(...running, settled(1))
    const endedAt = 1000 * (running.length + 1)
    let { state } = base
    const reports = inputs.flatMap(([ms, input]) => {
      const step = transition(state, input, endedAt + ms)
      state = step.state
      return step.reports
    })
    return { before: base.reports, reports }
  }

  test('[A-103] those of the next moments are of the turn that ended, later ones of none', () => {
    const { before, reports } = afterEnd([0, say()], [limits.lateWordsMsMax, say()], [2001, say()])
    expect(before.at(-1)).toEqual({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
    expect(reports).toEqual([
      { type: 'text', turn: 1, text: 'x' },
      { type: 'text', turn: 1, text: 'x' },
      { type: 'said-after', kind: 'text', after: 1, text: 'x' },
    ])
  })

  test('[A-103] the next prompt ends those moments, from its hand-over on', () => {
    let { state } = run(...running, settled(1))
    const turns = [prompt(2), { type: 'saved', turn: 2, saved: {} } as const].map((input) => {
      state = transition(state, input, 5000).state
      const [said] = transition(state, say(), 5000).reports
      return said !== undefined && 'turn' in said ? said.turn : undefined
    })
    expect(turns).toEqual([1, 2])
  })

  test('[A-103] words just after the answer are of the turn, while its checkpoint is made too; later ones are not', () => {
    const { state } = run(...running)
    const done = transition(state, settled(1), 5000)
    expect(done.state.saving?.turn).toBe(1)
    expect(transition(done.state, say(), 6500).reports).toEqual([
      { type: 'text', turn: 1, text: 'x' },
    ])
    expect(transition(done.state, say(), 9000).reports).toEqual([
      { type: 'said-after', kind: 'text', after: 1, text: 'x' },
    ])
  })

  test('[A-103] another process of the agent has no part in the turn of the last one', () => {
    const again: Input = { ...readyInput, agentGeneration: 2 }
    const { reports } = afterEnd([0, exited()], [1, again], [2, say(2)])
    expect(reports.at(-1)).toEqual({ type: 'said-after', kind: 'text', text: 'x' })
    expect(after(open, say()).reports).toEqual([{ type: 'said-after', kind: 'text', text: 'x' }])
  })

  test('[A-105] a permission outside of a turn is answered as cancelled, and a warning says so', () => {
    const base = run(...running, settled(1))
    const step = transition(base.state, asked(7), 9000)
    expect(step.effects).toEqual([{ type: 'answer-permission', id: 7, optionId: undefined }])
    expect(step.reports).toEqual([
      {
        type: 'warning',
        code: 'asked-outside',
        message: 'The agent asked “May I?” while no turn ran. It was told that nobody answers.',
      },
    ])
  })

  test('[A-105] a permission of a turn that is being stopped is no warning', () => {
    expect(after(running, interrupt(1), asked(7)).types).toEqual([])
  })

  test('[A-104] a permission that nobody can answer is a warning that a person sees', () => {
    const input: Input = { type: 'ask-unreadable', agentGeneration: 1, message: 'It asked oddly.' }
    expect(after(running, input).reports).toEqual([
      { type: 'warning', code: 'ask-unreadable', message: 'It asked oddly.' },
    ])
  })
})

test('[A-110] a way to sign in is gone at the first start, and how it may be gone is told with the failure', () => {
  const step = run(command({ ...prepareCommand, signIn: 'web' }), { type: 'workspace-ready' })
  expect(step.effects.at(-1)).toEqual({
    type: 'keep-agent',
    agentSession: undefined,
    signIn: 'web',
  })
  const signIn = [{ id: 'web', name: 'Web' }]
  const cause = {
    code: 'sign-in-needed',
    title: 'Sign in.',
    detail: 'It says: no',
    signIn,
  } as const
  const failed = runFrom(step.state, [link({ state: 'blocked', cause })])
  expect(failed.reports.at(-1)).toMatchObject({
    type: 'prepare-failed',
    code: 'sign-in-needed',
    message: 'Sign in.',
    stderr: ['It says: no'],
    signIn,
  })
})
