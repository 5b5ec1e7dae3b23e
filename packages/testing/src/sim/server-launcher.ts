/**
 * Runner processes as `apps/belay/src/server/launcher.ts` treats them: started, found again by their locks, looked at,
 * ended; of one session one at a time, in the order that was decided.
 */
import { backoffDelayMs, type BackoffPolicy, channelBackoff } from '@belay/channel'
import { decodeReport, type ReceivedReport, type RefusedEffect } from '@belay/session'
import type { LockHolder, Machine } from './machine.ts'
import type { Planted } from './planted.ts'
import type { Exit, Process } from './process.ts'
import type { SimRunner } from './runner.ts'
import type { SimHost } from './sim-host.ts'
import { readSpool } from './spool.ts'

export interface LauncherOptions {
  readonly host: SimHost
  /** The server's. */
  readonly process: Process
  readonly machine: Machine
  /** @throws when no process can be started */
  readonly spawn: (session: string, generation: number) => SimRunner
  /** The runner with this lock, so that it can be asked to end. */
  readonly runnerOf: (holder: LockHolder) => SimRunner | undefined
  /** Whether the system refuses what is asked of it now. */
  readonly refuses: () => boolean
  readonly planted: Planted | undefined
}

const retrying: BackoffPolicy = { ...channelBackoff, capMs: 4000 }
const stopMs = 4000
const probeMs = 250
const batchMax = 20

export class SimLauncher {
  readonly #options: LauncherOptions
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #children = new Map<string, SimRunner>()
  #closed = false

  constructor(options: LauncherOptions) {
    this.#options = options
  }

  start(session: string, generation: number): void {
    this.#enqueue(session, 'start-runner', () => this.#start(session, generation))
  }
  stop(session: string, generation: number): void {
    this.#enqueue(session, 'stop-runner', () => this.#stop(session, generation))
  }
  probe(session: string, generation: number, kind: 'final' | 'first'): void {
    this.#enqueue(session, 'probe-runner', () => this.#settle(session, generation, kind))
  }
  removeFiles(session: string): void {
    this.#enqueue(session, 'remove-files', async () => {
      const { process, machine, host, refuses, planted } = this.#options
      await process.sleep(5)
      const isRefused = refuses()
      if (isRefused && planted !== 'refused-as-done') throw new Error('EBUSY')
      if (!isRefused) machine.folders.delete(session)
      await host.submit(session, { type: 'files-removed' })
    })
  }
  close(): void {
    this.#closed = true
  }

  #enqueue(session: string, what: RefusedEffect, job: () => Promise<void>): void {
    const before = this.#lanes.get(session) ?? Promise.resolve()
    this.#lanes.set(
      session,
      before.then(() => this.#untilDone(session, what, job)),
    )
  }

  /** Tries until it is done, or this server ends. */
  async #untilDone(session: string, what: RefusedEffect, job: () => Promise<void>): Promise<void> {
    const { process, host, planted } = this.#options
    const isOver = () => this.#closed || !process.alive
    for (let attempt = 1; !isOver(); attempt += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
        return await job()
      } catch (error) {
        if (isOver() || planted === 'effect-tried-once') return
        const message = String(error)
        host.submit(session, { type: 'effect-refused', what, message }).catch(() => {})
        // oxlint-disable-next-line no-await-in-loop
        await process.sleep(backoffDelayMs(retrying, attempt, 0.5))
      }
    }
  }

  async #start(session: string, generation: number): Promise<void> {
    const { host, process, machine, spawn, refuses } = this.#options
    const { runner } = host.read(session)
    if (runner.type !== 'starting' || runner.generation !== generation) return
    if (machine.lockOwner(session)?.generation === generation) return
    await process.sleep(process.stage.random.integer(1, 100))
    if (refuses()) throw new Error('EAGAIN')
    try {
      const child = spawn(session, generation)
      this.#children.set(session, child)
      child.process.onExit(() => {
        if (process.alive)
          this.#enqueue(session, 'probe-runner', () => this.#settle(session, generation, 'first'))
      })
    } catch (error) {
      const message = `Belay’s process beside the agent could not be started: ${String(error)}.`
      await host.submit(session, { type: 'runner-start-failed', generation, message })
    }
  }

  async #settle(session: string, generation: number, kind: 'final' | 'first'): Promise<void> {
    const { host, process, machine } = this.#options
    const current = () => {
      const { runner } = host.read(session)
      return runner.type !== 'none' && runner.generation === generation ? runner.type : undefined
    }
    while (machine.lockOwner(session)?.generation === generation) {
      if (this.#closed) return
      if (kind === 'final')
        return void (await host.submit(session, { type: 'runner-silent', generation }))
      if (current() !== 'lost') return
      await process.sleep(probeMs)
    }
    if (current() === undefined) return
    const child = this.#children.get(session)
    const exit: Partial<Exit> = (child?.generation === generation && child.process.exit) || {}
    await this.#submitSpool(session, generation)
    const { code, signal } = exit
    const fault = machine.lastWords.get(`${session}/${generation}`)
    await host.submit(session, { type: 'runner-exited', generation, code, signal, fault })
  }

  async #stop(session: string, generation: number): Promise<void> {
    const { host, machine, refuses } = this.#options
    if (refuses()) throw new Error('EIO')
    await this.#end(session, generation)
    machine.sweep(session, generation)
    await host.submit(session, { type: 'runner-stopped', generation })
  }

  async #end(session: string, generation: number): Promise<void> {
    const { process, machine, runnerOf } = this.#options
    const killAt = process.stage.now + stopMs
    let asked = false
    for (
      let owner = machine.lockOwner(session);
      owner !== undefined && owner.generation <= generation;
      owner = machine.lockOwner(session)
    ) {
      if (process.stage.now >= killAt) owner.process.kill('SIGKILL')
      else if (!asked) runnerOf(owner)?.askToEnd()
      asked = true
      await process.sleep(20)
    }
  }

  async #submitSpool(session: string, generation: number): Promise<void> {
    const { host, machine } = this.#options
    const { received } = host.read(session).head
    const batch: ReceivedReport[] = []
    const flush = async () => {
      const reports = batch.splice(0)
      if (reports.length > 0)
        await host.submit(session, { type: 'runner-frame', generation, acked: undefined, reports })
    }
    for (const { n, json } of readSpool(machine, { session, generation }, received)) {
      const report = decodeReport(json)
      if (typeof report === 'string') break
      batch.push({ n, json, report })
      if (batch.length >= batchMax) await flush()
    }
    await flush()
  }
}
