/**
 * Every order of everything that can happen to an agent and to one prompt, on the real decisions of the connection and of
 * the runner: deaths, late and early facts, deadlines, intents. Weakened variants show that the checks can fail.
 */
import { oneAtATime } from '@belay/actor'
import {
  type ConnectionEffect,
  type ConnectionInput,
  connectionAlarm,
  type ConnectionPolicy,
  connectionPolicy,
  type ConnectionState,
  type ConnectionStep,
  decideConnection,
  initialConnection,
  type Moment,
  snapshotOf,
} from '@belay/agent'
import { describe, expect, test } from 'vitest'
import type { Input } from './input.ts'
import { closingSaveMs, initial, type RunnerState } from './state.ts'
import type { RunnerStep } from './step.ts'
import { transition } from './transition.ts'

/** Without spans every deadline is always due, so every order of them is met. */
const policy: ConnectionPolicy = {
  ...connectionPolicy,
  startMs: 0,
  startSignMs: 0,
  startMsMax: 0,
  // Saying that it takes long decides nothing.
  slowMs: Infinity,
  attachMs: 0,
  backoffMs: [0],
  stopInputMs: 0,
  stopTermMs: 0,
  hurriedTermMs: 0,
  stopKillMs: 0,
  probeMs: 0,
  probeRetryMs: [0],
  probeAgainMs: 0,
  startDeathsMax: 99,
  lossesMax: 1,
  longLossesMax: 99,
}

interface World {
  readonly connection: ConnectionState
  readonly runner: RunnerState
  /** Generations whose process is alive. */
  readonly alive: readonly number[]
  /** Facts under way; any of them may come next. */
  readonly pending: readonly ConnectionInput[]
  /** Answers of processes to the prompt. */
  readonly answers: readonly number[]
  /** Checkpoints after turns that are being made. */
  readonly saves: readonly number[]
  /** How often the prompt was handed to a process; how often its turn was finished. */
  readonly sent: number
  readonly finished: number
  /** How often it was told what its turn changed. */
  readonly told: number
  readonly submitted: boolean
  /** Launches since the last intent of a person. */
  readonly launches: number
  readonly left: {
    readonly retry: number
    readonly close: number
    readonly stop: number
    readonly lose: number
  }
  readonly stopped: boolean
  readonly over: boolean
  /** A second owner of recovery, which the real thing does not have. */
  readonly second: number
}

type Decide = (state: ConnectionState, input: ConnectionInput, moment: Moment) => ConnectionStep
interface Variant {
  readonly decide?: Decide
  readonly decideRunner?: (state: RunnerState, input: Input, now: number) => RunnerStep
  readonly secondOwner?: true
}

const moment: Moment = { now: 0, chance: 0, policy }

/** One world in the making: what a step of one machine makes the other do at once. */
class Play {
  world: World
  readonly #variant: Variant
  readonly runner = oneAtATime((input: Input) => this.#decideRunner(input))
  readonly violations: string[] = []

  constructor(world: World, variant: Variant) {
    this.world = world
    this.#variant = variant
  }

  change(fields: Partial<World>): void {
    this.world = { ...this.world, ...fields }
  }

  connection(input: ConnectionInput): void {
    const before = this.world.connection
    const step = (this.#variant.decide ?? decideConnection)(before, input, moment)
    const wasReady = isLent(before)
    this.change({ connection: step.state })
    if (input.type === 'attached' && isLent(step.state) && !wasReady)
      if (input.generation !== step.state.generation)
        this.violations.push('I1 the client of another generation')
    if (step.state.phase.type === 'ready' && before.phase.type !== 'ready') this.#ready(wasReady)
    if (input.type === 'exited' && this.world.runner.agent?.agentGeneration === input.generation)
      this.runner({
        type: 'agent-exited',
        agentGeneration: input.generation,
        exit: input.exit,
      })
    for (const effect of step.effects) this.#perform(effect)
    const link = (state: ConnectionState) => snapshotOf(state, policy, 0)
    if (JSON.stringify(link(before)) === JSON.stringify(link(step.state))) return
    const { queued: _, ...shown } = link(step.state)
    this.runner({ type: 'agent-link', link: shown, step: 'agent-start' })
  }

  /** Rings when a closing runner's checkpoint is due, whatever else is. */
  runnerAlarm(): void {
    this.#take(
      (this.#variant.decideRunner ?? transition)(
        this.world.runner,
        { type: 'alarm' },
        closingSaveMs,
      ),
    )
  }

  #ready(again: boolean): void {
    if (again) return
    this.runner({
      type: 'agent-ready',
      agentGeneration: this.world.connection.generation,
      ready: {
        agent: { name: 'toy', title: 'Toy', demo: false },
        agentSession: 'a',
        restored: 'new',
        folder: '/w',
        fence: 'process-tree',
      },
    })
  }

  #perform(effect: ConnectionEffect): void {
    const { generation } = effect
    const { alive, pending, launches, stopped } = this.world
    switch (effect.type) {
      case 'launch':
        if (stopped) this.violations.push('I5 a launch after a stop')
        this.change({
          alive: [...alive, generation],
          launches: launches + 1,
          pending: [...recent(pending, generation), { type: 'launched', generation }],
        })
        return
      case 'attach':
        return this.change({ pending: [...pending, { type: 'attached', generation }] })
      case 'end':
        return effect.level === 'kill' ? this.die(generation) : undefined
      case 'probe':
        return this.change({
          pending: [
            ...pending,
            { type: 'probed', generation, epoch: effect.epoch, alive: false },
            { type: 'stream-restored', generation },
          ],
        })
    }
  }

  die(generation: number): void {
    const { alive, pending, second } = this.world
    if (!alive.includes(generation)) return
    this.change({
      alive: alive.filter((one) => one !== generation),
      second: this.#variant.secondOwner === true ? second + 1 : second,
      pending: [
        ...pending,
        { type: 'exited', generation, exit: { code: 1, stderr: [] }, oomKilled: false },
      ],
    })
  }

  #decideRunner(input: Input): void {
    this.#take((this.#variant.decideRunner ?? transition)(this.world.runner, input, 0))
  }

  #take(step: RunnerStep): void {
    const count = (type: string) => step.reports.filter((report) => report.type === type).length
    const { finished, told } = this.world
    this.change({
      runner: step.state,
      finished: finished + count('turn-finished'),
      told: told + count('turn-changes'),
    })
    for (const effect of step.effects) {
      switch (effect.type) {
        case 'keep-agent':
          this.connection({ type: 'start' })
          break
        case 'restart-agent':
          this.connection({ type: 'retry' })
          break
        case 'end-agent':
          this.connection({ type: 'dispose' })
          break
        case 'save':
          if (effect.at === 'before') this.runner({ type: 'saved', turn: effect.turn, saved: {} })
          else this.change({ saves: [...this.world.saves, effect.turn] })
          break
        case 'send-prompt':
          this.#send()
          break
        case 'finish':
          this.change({ over: true })
          break
        case 'look-ahead':
        case 'prepare-workspace':
        case 'commit':
        case 'restore':
        case 'plan':
        case 'stop-saving':
        case 'cancel-prompt':
        case 'choose':
        case 'answer-permission':
      }
    }
  }

  #send(): void {
    const { connection, sent, alive, answers } = this.world
    if (connection.phase.type !== 'ready') this.violations.push('I1 a client that is not ready')
    const { generation } = connection
    const heard = alive.includes(generation) ? [...answers, generation] : answers
    this.change({ sent: sent + 1, answers: heard })
  }
}

/** Facts of the process before this one: what is older is as late as that. */
function recent(pending: readonly ConnectionInput[], generation: number): ConnectionInput[] {
  return pending.filter((fact) => 'generation' in fact && fact.generation >= generation - 1)
}

function isLent({ phase }: ConnectionState): boolean {
  return phase.type === 'ready' || phase.type === 'degraded'
}

type Action = readonly [string, (play: Play) => void]

function actionsOf(world: World): Action[] {
  const { connection, alive, pending, answers, saves, left, submitted } = world
  if (world.over) return []
  const actions: Action[] = [
    ...alive.map((one): Action => [`die ${one}`, (play) => play.die(one)]),
    ...pending.map((fact, index): Action => [
      `${fact.type} ${'generation' in fact ? fact.generation : ''}`,
      (play) => {
        const rest = pending.filter((_, at) => at !== index)
        const shaken: ConnectionInput[] =
          fact.type === 'launched' ? [{ type: 'handshaken', generation: fact.generation }] : []
        play.change({ pending: [...rest, ...shaken] })
        play.connection(fact)
      },
    ]),
    ...answers.map((agentGeneration, index): Action => [
      `answer ${agentGeneration}`,
      (play) => {
        play.change({ answers: answers.filter((_, at) => at !== index) })
        const settled = { stopReason: 'end_turn' }
        play.runner({ type: 'prompt-settled', agentGeneration, turn: 1, settled })
      },
    ]),
  ]
  for (const turn of saves)
    actions.push([
      `saved ${turn}`,
      (play) => {
        play.change({ saves: saves.filter((one) => one !== turn) })
        play.runner({ type: 'saved', turn, saved: { changes: { files: [], patch: '' } } })
      },
    ])
  if (world.runner.saving?.until !== undefined)
    actions.push(['give up saving', (play) => play.runnerAlarm()])
  const spend = (kind: keyof World['left'], run: (play: Play) => void): void => {
    if (left[kind] === 0) return
    actions.push([
      kind,
      (play) => {
        play.change({ left: { ...left, [kind]: left[kind] - 1 }, launches: 0 })
        run(play)
      },
    ])
  }
  if (connectionAlarm(connection) !== undefined)
    actions.push(['alarm', (play) => play.connection({ type: 'alarm' })])
  if (world.second > 0) actions.push(['second owner', secondOwner])
  if (!submitted)
    actions.push([
      'submit',
      (play) => {
        // A prompt is an intent too, for one who has stopped.
        play.change({ submitted: true, stopped: false, launches: 0 })
        play.runner({
          type: 'command',
          command: { type: 'prompt', turn: 1, promptId: 'p', text: 'x' },
        })
      },
    ])
  spend('retry', (play) => {
    play.change({ stopped: false })
    play.runner({ type: 'command', command: { type: 'restart-agent' } })
  })
  spend('close', (play) => {
    play.change({ stopped: true })
    play.runner({ type: 'close-asked', reason: 'over' })
  })
  spend('stop', (play) => {
    play.connection({ type: 'stop' })
    // Told to the runner at once, which may want it again for a prompt that waits.
    if (play.world.runner.turn === undefined) play.change({ stopped: true })
  })
  spend('lose', (play) => {
    play.change({ launches: world.launches })
    play.connection({ type: 'stream-lost', generation: connection.generation })
  })
  return actions
}

/** Starts a process of its own when it hears of a death, whatever the first owner does. */
function secondOwner(play: Play): void {
  const { connection, second, alive, pending } = play.world
  const generation = connection.generation + 1
  play.change({
    second: second - 1,
    connection: {
      ...connection,
      generation,
      phase: { type: 'starting', step: 'launch', startedAt: 0, slowAt: undefined, deadline: 0 },
    },
    alive: [...alive, generation],
    pending: [...pending, { type: 'launched', generation }],
  })
}

function check(world: World): string[] {
  const { connection, runner, alive, pending, sent, finished, submitted } = world
  const { generation, phase } = connection
  const bad: string[] = []
  if (alive.length > 1) bad.push('I2 two live children')
  if (world.told > sent || (world.told < sent && world.over))
    bad.push('I9 changes told twice, or never')
  const held = [runner.turn, runner.next].filter((turn) => turn !== undefined).length
  if (held + finished !== (submitted ? 1 : 0)) bad.push('I3 a prompt that is nowhere, or twice')
  const exitComes = pending.some((fact) => fact.type === 'exited' && fact.generation === generation)
  if (isLent(connection) && !alive.includes(generation) && !exitComes)
    bad.push('I4 ready on a dead child')
  if (world.launches > policy.lossesMax + 1) bad.push('I6 more launches than the budget')
  if (sent > 1) bad.push('I7 a prompt handed over twice')
  const still =
    pending.length === 0 &&
    world.saves.length === 0 &&
    connectionAlarm(connection) === undefined &&
    !world.over
  if (still && runner.phase === 'closing') bad.push('I8 a runner that never closes')
  if (still && runner.turn?.phase === 'waiting') bad.push(`I8 a prompt that waits in ${phase.type}`)
  return bad
}

interface Found {
  readonly states: number
  readonly edges: number
  /** The shortest way to the first violation. */
  readonly violation?: { readonly what: string; readonly way: readonly string[] }
  readonly phases: ReadonlySet<string>
}

function explore(variant: Variant, left: World['left'], statesMax = 200_000): Found {
  const first = new Play({ ...start, left }, variant)
  first.runner({
    type: 'command',
    command: {
      type: 'prepare',
      workspace: { type: 'folder', path: '/w' },
      agent: { name: 'toy' },
      cancelMs: 1,
    },
  })
  first.runner({ type: 'workspace-ready' })
  const seen = new Map<string, { readonly from: string; readonly by: string }>()
  const key = (world: World) =>
    JSON.stringify({
      ...world,
      // Neither decides anything.
      connection: { ...world.connection, operation: 0, since: 0 },
      pending: world.pending.map((fact) => JSON.stringify(fact)).toSorted(),
    })
  let open: World[] = [first.world]
  seen.set(key(first.world), { from: '', by: '' })
  const phases = new Set<string>()
  let edges = 0
  for (let next = open; next.length > 0; next = open) {
    open = []
    for (const world of next) {
      phases.add(world.connection.phase.type)
      const from = key(world)
      for (const [name, run] of actionsOf(world)) {
        const play = new Play(world, variant)
        run(play)
        edges += 1
        const bad = [...play.violations, ...check(play.world)]
        if (bad[0] !== undefined)
          return {
            states: seen.size,
            edges,
            phases,
            violation: { what: bad[0], way: [...wayTo(seen, from), name] },
          }
        const to = key(play.world)
        if (seen.has(to)) continue
        if (seen.size >= statesMax) throw new Error(`more than ${statesMax} states`)
        seen.set(to, { from, by: name })
        open.push(play.world)
      }
    }
  }
  return { states: seen.size, edges, phases }
}

function wayTo(
  seen: ReadonlyMap<string, { readonly from: string; readonly by: string }>,
  end: string,
): string[] {
  const way: string[] = []
  for (let at = seen.get(end); at !== undefined && at.by !== ''; at = seen.get(at.from))
    way.unshift(at.by)
  return way
}

const nothing = { retry: 0, close: 0, stop: 0, lose: 0 }
const start: World = {
  connection: initialConnection(0),
  runner: initial(1),
  alive: [],
  pending: [],
  answers: [],
  saves: [],
  sent: 0,
  told: 0,
  finished: 0,
  submitted: false,
  launches: 0,
  left: nothing,
  stopped: false,
  over: false,
  second: 0,
}

describe('every order of deaths, late facts, deadlines, stops, retries and a prompt', () => {
  test('[M-15] breaks none of the nine rules', () => {
    const phases = new Set<string>()
    let states = 0
    for (const left of [
      { ...nothing, retry: 1, close: 1 },
      { ...nothing, stop: 1, close: 1 },
      { ...nothing, retry: 1, stop: 1 },
      { ...nothing, lose: 1, close: 1 },
    ]) {
      const found = explore({}, left)
      console.log(`${JSON.stringify(left)}: ${found.states} states, ${found.edges} edges`)
      expect(found.violation).toBeUndefined()
      states += found.states
      for (const phase of found.phases) phases.add(phase)
    }
    expect([...phases].toSorted()).toEqual([
      'backoff',
      'degraded',
      'disposed',
      'failed',
      'idle',
      'ready',
      'starting',
      'stopping',
    ])
    expect(states).toBeGreaterThan(5000)
  })

  const variants: readonly (readonly [string, Variant, RegExp])[] = [
    [
      'without the check of generations',
      {
        decide: (state, input, at) =>
          decideConnection(
            state,
            'generation' in input ? { ...input, generation: state.generation } : input,
            at,
          ),
      },
      /^I[124]/,
    ],
    [
      'without waiting for the exit',
      {
        decide: (state, input, at) => {
          const step = decideConnection(state, input, at)
          if (step.state.phase.type !== 'stopping') return step
          const { generation } = step.state
          const exit = { code: 1, stderr: [] }
          const gone: ConnectionInput = { type: 'exited', generation, exit, oomKilled: false }
          const more = decideConnection(step.state, gone, at)
          return { state: more.state, effects: [...step.effects, ...more.effects] }
        },
      },
      /^I2/,
    ],
    ['with two owners of recovery', { secondOwner: true }, /^I2/],
    [
      'with a prompt that is let go when the agent is not there',
      {
        decideRunner: (state, input, now) =>
          input.type === 'command' && input.command.type === 'prompt' && state.agent === undefined
            ? { state, reports: [], effects: [] }
            : transition(state, input, now),
      },
      /^I3/,
    ],
    [
      'with a runner that closes beside a checkpoint',
      {
        decideRunner: (state, input, now) => {
          const { saving: _, ...rest } = state
          const closes = input.type === 'agent-link' && input.link.state === 'disposed'
          return transition(closes ? rest : state, input, now)
        },
      },
      /^I9/,
    ],
  ]
  test.each(variants)('[M-15] is found to break one %s', (name, variant, rule) => {
    const { violation, states } = explore(variant, { ...nothing, retry: 1, close: 1 })
    console.log(`${name}: ${violation?.what} after ${states} states: ${violation?.way.join(' > ')}`)
    expect(violation?.what).toMatch(rule)
  })
})
