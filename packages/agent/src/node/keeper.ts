/**
 * Keeps one agent there: starts its process, opens its conversation, and starts it again when it is lost. It works for a
 * runner and for an editor alike.
 *
 * Owns: the process of the present generation, the one timer, and who may talk to the agent. What is decided is
 * `connection/transition.ts`; how an agent is spoken to is an adapter's.
 *
 * Invariants:
 * - M-10 The client is lent only while the connection is ready; a lease's signal aborts when its generation ends.
 * - M-11 What is decided and what is done have one order: an input that comes while another is worked on waits.
 * - M-12 After `dispose` has settled nothing of the agent is alive.
 */
import { readFileSync } from 'node:fs'
import { oneAtATime, unreachable } from '@belay/actor'
import type { Chosen } from '@belay/protocol'
import { type Cause, causeOfExit } from '../connection/cause.ts'
import type { ConnectionEffect } from '../connection/effect.ts'
import type { ConnectionInput } from '../connection/input.ts'
import { type ConnectionPolicy, connectionPolicy } from '../connection/policy.ts'
import { type ConnectionSnapshot, snapshotOf } from '../connection/snapshot.ts'
import {
  connectionAlarm,
  type ConnectionState,
  type EndLevel,
  initialConnection,
} from '../connection/state.ts'
import { transition } from '../connection/transition.ts'
import type { AgentExit } from '../exit.ts'
import type {
  AgentAdapter,
  AgentConnection,
  AgentEvents,
  AgentFailure,
  ConnectOptions,
  Initialized,
  Opened,
} from './adapter.ts'
import { type Fence, type FenceKind, probeFence } from './fence.ts'
import { preflight } from './preflight.ts'
import { connectRedacted } from './redacted.ts'

/** Which agent, where: looked up anew at every start. */
export interface AgentPlan extends Omit<ConnectOptions, 'fence' | 'startMs' | 'on'> {
  readonly adapter: AgentAdapter
}

/** The right to talk to the agent, as long as its signal is not aborted. */
export interface Lease {
  readonly generation: number
  /** Aborts when the process of this generation is gone, or given up. */
  readonly signal: AbortSignal
  readonly connection: AgentConnection
  readonly initialized: Initialized
  readonly opened: Opened
  readonly fence: FenceKind
  /** What it was told to choose at its start. */
  readonly chosen: Chosen
}

export interface KeeperEvents {
  /** What an agent of this generation says. */
  agent(generation: number): AgentEvents
  /** How far a start has come. */
  step(step: 'launch' | 'attach'): void
  ready(lease: Lease): void
  /** The process of a generation that was ready is gone; told before `changed`. */
  gone(generation: number, exit: AgentExit): void
  changed(snapshot: ConnectionSnapshot): void
}

export interface KeeperClock {
  /** Milliseconds since the epoch that never jump. */
  now(): number
  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void
}

export interface KeeperOptions {
  /** @returns a cause when there is nothing to start */
  readonly plan: () => AgentPlan | Cause
  /** The conversation to restore at the first start. */
  readonly previous: string | undefined
  readonly on: KeeperEvents
  /** What is to be chosen of its offer at a start. */
  readonly chosen?: () => Chosen
  readonly policy?: Partial<ConnectionPolicy>
  readonly clock?: KeeperClock
  readonly random?: () => number
  readonly fence?: () => Promise<Fence>
}

type SignInWish = Pick<AgentFailure, 'message' | 'detail' | 'signIn'>

/** Why a wait for the agent came to nothing. */
export type NotReady = {
  readonly notReady: 'superseded' | 'stopped' | 'blocked' | 'failed' | 'disposed'
  readonly snapshot: ConnectionSnapshot
}

export const steadyClock: KeeperClock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.max(1, Math.ceil(ms)))
    return () => clearTimeout(timer)
  },
}

/** An exit follows the end of its output at once; this long afterwards there will be none by itself. */
const closedMs = 200

interface Child {
  readonly generation: number
  readonly oomBefore: number
  connection?: AgentConnection
  initialized?: Initialized
  opened?: Opened
  fence?: FenceKind
  chosen: Chosen
  /** It is to be ended as soon as it is there. */
  unwanted: boolean
  wasReady: boolean
}

export class Keeper {
  readonly #options: KeeperOptions
  readonly #policy: ConnectionPolicy
  readonly #clock: KeeperClock
  #state: ConnectionState
  #shown: ConnectionSnapshot
  #queued = 0
  #previous: string | undefined
  #child: Child | undefined
  #lease: { readonly lease: Lease; readonly abort: AbortController } | undefined
  #cancelTimer: () => void = () => {}
  readonly #feed = oneAtATime((input: ConnectionInput) => this.#step(input))
  readonly #waiters = new Set<{ readonly operation: number; settle(end: Lease | NotReady): void }>()
  readonly #disposed = Promise.withResolvers<void>()

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#policy = { ...connectionPolicy, ...options.policy }
    this.#clock = options.clock ?? steadyClock
    this.#previous = options.previous
    this.#state = initialConnection(this.#clock.now())
    this.#shown = snapshotOf(this.#state, this.#policy, 0)
  }

  get snapshot(): ConnectionSnapshot {
    return this.#shown
  }
  /** The present right to talk to the agent, while it is ready. */
  get lease(): Lease | undefined {
    return this.#state.phase.type === 'ready' ? this.#lease?.lease : undefined
  }
  /** The present process, ready or not: for cancels, answers and back-pressure. */
  get connection(): AgentConnection | undefined {
    return this.#child?.connection
  }

  start(): void {
    this.#feed({ type: 'start' })
  }
  /** Supersedes whatever goes on, and ends the present process. */
  retry(): void {
    this.#feed({ type: 'retry' })
  }
  stop(): void {
    this.#feed({ type: 'stop' })
  }
  /** For ever. Settles when nothing of the agent is alive. */
  dispose(): Promise<void> {
    this.#feed({ type: 'dispose' })
    return this.#disposed.promise
  }
  /** SIGKILL without waiting: for a process that is itself about to end. */
  kill(): void {
    this.#child?.connection?.process.kill()
  }
  /** Prompts that wait with its owner, for the snapshot. */
  queued(count: number): void {
    this.#queued = count
    this.#show()
  }
  /** The agent answered a prompt by asking for a sign-in. */
  signInNeeded(generation: number, { message, detail, signIn }: SignInWish): void {
    const more = {
      ...(detail === undefined ? {} : { detail }),
      ...(signIn === undefined ? {} : { signIn }),
    }
    this.#feed({ type: 'sign-in-needed', generation, message, ...more })
  }

  /** Waits for the agent to be ready. Never rejects. */
  whenReady(): Promise<Lease | NotReady> {
    const { promise, resolve } = Promise.withResolvers<Lease | NotReady>()
    this.#waiters.add({ operation: this.#state.operation, settle: resolve })
    this.#settleWaiters()
    return promise
  }

  #step(input: ConnectionInput): void {
    const { random = Math.random } = this.#options
    const moment = { now: this.#clock.now(), chance: random(), policy: this.#policy }
    const step = transition(this.#state, input, moment)
    const before = this.#state
    this.#state = step.state
    this.#tellStep(before)
    this.#lend(before)
    if (input.type === 'exited')
      this.#bury(input.generation, withVerdict(input.exit, before, this.#state))
    for (const effect of step.effects) this.#perform(effect)
    this.#arm()
    this.#show()
    this.#settleWaiters()
    if (this.#state.phase.type === 'disposed') this.#disposed.resolve()
  }

  #tellStep({ phase: before, generation }: ConnectionState): void {
    const { phase } = this.#state
    if (phase.type !== 'starting' || phase.step === 'handshake') return
    const same = generation === this.#state.generation && before.type === 'starting'
    if (!same || before.step !== phase.step) this.#options.on.step(phase.step)
  }

  /** Gives the client out and takes it back, as the phase says. */
  #lend(before: ConnectionState): void {
    const { phase, generation } = this.#state
    const held = this.#lease
    const alive = phase.type === 'ready' || phase.type === 'degraded'
    if (held !== undefined && !(alive && held.lease.generation === generation)) {
      this.#lease = undefined
      held.abort.abort()
    }
    if (phase.type !== 'ready' || before.phase.type === 'ready' || this.#lease !== undefined) return
    const child = this.#child
    if (child?.connection === undefined || child.initialized === undefined) return
    if (child.opened === undefined || child.fence === undefined) return
    const { connection, initialized, opened, fence, chosen } = child
    child.wasReady = true
    const abort = new AbortController()
    const lease = {
      generation,
      signal: abort.signal,
      connection,
      initialized,
      opened,
      fence,
      chosen,
    }
    this.#lease = { lease, abort }
    this.#options.on.ready(lease)
  }

  #bury(generation: number, exit: AgentExit): void {
    const child = this.#child
    if (child?.generation !== generation) return
    this.#child = undefined
    if (child.wasReady) this.#options.on.gone(generation, exit)
  }

  #arm(): void {
    this.#cancelTimer()
    const due = connectionAlarm(this.#state)
    this.#cancelTimer =
      due === undefined
        ? () => {}
        : this.#clock.after(due - this.#clock.now(), () => this.#feed({ type: 'alarm' }))
  }

  #show(): void {
    const snapshot = snapshotOf(this.#state, this.#policy, this.#queued)
    if (JSON.stringify(snapshot) === JSON.stringify(this.#shown)) return
    this.#shown = snapshot
    this.#options.on.changed(snapshot)
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) {
      const end = this.#endOf(waiter.operation)
      if (end === undefined) continue
      this.#waiters.delete(waiter)
      waiter.settle(end)
    }
  }

  #endOf(operation: number): Lease | NotReady | undefined {
    const { phase } = this.#state
    const end = (notReady: NotReady['notReady']) => ({ notReady, snapshot: this.#shown })
    if (phase.type === 'disposed') return end('disposed')
    if (operation < this.#state.operation) return end('superseded')
    switch (phase.type) {
      case 'ready':
        return this.lease
      case 'idle':
        return end('stopped')
      case 'blocked':
      case 'failed':
        return end(phase.type)
      case 'starting':
      case 'degraded':
      case 'stopping':
      case 'backoff':
        return undefined
    }
  }

  #perform(effect: ConnectionEffect): void {
    const { generation } = effect
    switch (effect.type) {
      case 'launch':
        void this.#launch(generation)
        return
      case 'attach':
        void this.#attach(generation)
        return
      case 'end':
        return this.#end(generation, effect.level)
      case 'probe':
        void this.#probe(generation, effect.epoch)
        return
      default:
        return unreachable(effect)
    }
  }

  async #launch(generation: number): Promise<void> {
    const child: Child = {
      generation,
      oomBefore: oomKills(),
      chosen: {},
      unwanted: false,
      wasReady: false,
    }
    this.#child = child
    const launched = await this.#connect(child)
    if ('code' in launched) {
      if (this.#child === child) this.#child = undefined
      return this.#feed({ type: 'unlaunchable', generation, cause: launched })
    }
    child.connection = launched
    this.#watch(launched, child)
    this.#feed({ type: 'launched', generation })
    const initialized = await launched.initialized
    if ('failure' in initialized)
      return this.#feed({ type: 'start-failed', generation, failure: initialized.failure })
    child.initialized = initialized.ok
    this.#feed({ type: 'handshaken', generation })
  }

  async #connect(child: Child): Promise<AgentConnection | Cause> {
    const { plan: look, fence: probe = probeFence, on } = this.#options
    try {
      const plan = look()
      if ('code' in plan) return plan
      const wrong = preflight(plan)
      if (wrong !== undefined) return wrong
      const fence = await probe()
      if (child.unwanted) return { code: 'asked', title: 'The agent was stopped before it began.' }
      child.fence = fence.kind
      const { adapter, ...options } = plan
      const startMs = Math.max(this.#policy.startMs, this.#policy.startMsMax)
      const ears = this.#ears(child.generation, on)
      return connectRedacted(adapter, { ...options, fence, startMs, on: ears })
    } catch (error) {
      // Arguments too long, no file descriptors left: the system refuses before there is a process.
      const words = error instanceof Error ? error.message : String(error)
      return causeOfExit({ error: words, stderr: [] }, { started: false, oomKilled: false })
    }
  }

  #ears(generation: number, on: KeeperEvents): AgentEvents {
    const ears = on.agent(generation)
    return {
      update: (update) => ears.update(update),
      permission: (id, ask) => ears.permission(id, ask),
      permissionGone: (id) => ears.permissionGone(id),
      note: (line) => ears.note(line),
      offer: (offer) => ears.offer(offer),
      choiceRefused: (message) => ears.choiceRefused(message),
      askUnreadable: (message) => ears.askUnreadable(message),
      startSign: () => {
        ears.startSign?.()
        this.#feed({ type: 'start-sign', generation })
      },
      degraded: (cause) => {
        ears.degraded?.(cause)
        this.#feed({ type: 'stream-lost', generation })
      },
      restored: () => {
        ears.restored?.()
        this.#feed({ type: 'stream-restored', generation })
      },
      hung: () => {
        ears.hung?.()
        this.#feed({ type: 'hung', generation })
      },
    }
  }

  /** Exit, end of output and broken input: whichever comes first, the machine counts one. */
  #watch({ process, exited }: AgentConnection, { generation, oomBefore }: Child): void {
    const closed = () =>
      this.#clock.after(closedMs, () => this.#feed({ type: 'closed', generation }))
    process.stdout.once('end', closed)
    process.stdin.once('error', closed)
    const tell = async () => {
      const exit = await exited
      const oomKilled = oomKills() > oomBefore
      this.#feed({ type: 'exited', generation, exit, oomKilled })
    }
    void tell()
  }

  async #attach(generation: number): Promise<void> {
    const child = this.#child
    if (child?.generation !== generation || child.connection === undefined) return
    child.chosen = this.#options.chosen?.() ?? {}
    const opened = await child.connection.open(this.#previous, child.chosen)
    if ('failure' in opened)
      return this.#feed({ type: 'start-failed', generation, failure: opened.failure })
    this.#previous = opened.ok.agentSession
    child.opened = opened.ok
    this.#feed({ type: 'attached', generation })
  }

  #end(generation: number, level: EndLevel): void {
    const child = this.#child
    if (child?.generation !== generation) return
    child.unwanted = true
    const process = child.connection?.process
    switch (level) {
      case 'input':
        return process?.closeInput()
      case 'terminate':
        return process?.terminate()
      case 'kill':
        return process?.kill()
    }
  }

  async #probe(generation: number, epoch: number): Promise<void> {
    const connection = this.#child?.connection
    // An adapter that watches by itself ends what hangs.
    const alive = (await connection?.probe?.().catch(() => false)) ?? true
    this.#feed({ type: 'probed', generation, epoch, alive })
  }
}

/** An end whose reason says more than its own signal: it was our doing, or memory ran out. */
function withVerdict(exit: AgentExit, before: ConnectionState, after: ConnectionState): AgentExit {
  const { phase } = before
  const ours = phase.type === 'stopping' && phase.next === 'lose' ? before.cause : undefined
  const why = ours ?? (after.cause?.code === 'out-of-memory' ? after.cause : undefined)
  return why === undefined ? exit : { ...exit, verdict: why.title }
}

/** How many processes this system has ended for want of memory; 0 where it does not say. */
function oomKills(): number {
  if (process.platform !== 'linux') return 0
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
