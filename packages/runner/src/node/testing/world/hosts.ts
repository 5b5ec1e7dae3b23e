/**
 * Engines in processes of their own, which can be killed at any moment of what they do. A process is used again by the next
 * engine, and one more waits for the one that is killed, since starting one takes longer than most sequences.
 *
 * Owns: the processes. `host.ts` is what runs in them.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Moment } from '../../checkpoints.ts'
import type { Restore } from '../../../state.ts'
import { childrenOf, isRunning } from './disturbing.ts'
import { type Engine, type EngineOptions, Gone } from './session.ts'

type Asking =
  | { readonly what: 'open'; readonly options: EngineOptions }
  | { readonly what: 'save'; readonly moment: Moment }
  | { readonly what: 'plan' | 'restore'; readonly restore: Restore }
  | { readonly what: 'finish'; readonly turn: number }
  | { readonly what: 'ready' | 'stop' | 'close' }
export type Call = Asking & { readonly id: number }
/** What it is told, as it was asked for. */
type Answer =
  | { readonly id: number; readonly result: never }
  | { readonly id: number; readonly fault: string }

const program = new URL('host.ts', import.meta.url)
/** The fewer bytes a process holds, the less it costs to start a Git from it. */
const small = ['--max-semi-space-size=1']
const pollMs = 5

export class Hosts {
  readonly #free: Host[] = []

  open = async (options: EngineOptions): Promise<Engine> => {
    const host = this.#free.pop() ?? new Host()
    if (this.#free.length === 0) this.#free.push(new Host())
    await host.ask({ what: 'open', options })
    return {
      pid: host.pid,
      ready: () => host.ask({ what: 'ready' }),
      save: (moment) => host.ask({ what: 'save', moment }),
      plan: (restore) => host.ask({ what: 'plan', restore }),
      restore: (restore) => host.ask({ what: 'restore', restore }),
      finish: (turn) => host.ask({ what: 'finish', turn }),
      stop: () => void host.ask({ what: 'stop' }).catch(() => undefined),
      close: async () => {
        await host.ask({ what: 'close' })
        this.#free.push(host)
      },
      kill: () => host.kill(),
    }
  }

  end(): void {
    for (const host of this.#free) host.end()
  }
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

class Host {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  #last = 0

  constructor() {
    this.#child = fork(program, {
      execArgv: small,
      // What one has compiled, the next one need not.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'belay-world-compiled') },
      serialization: 'advanced',
      stdio: 'inherit',
    })
    // Nothing of this process waits for one that nobody asks.
    this.#child.unref()
    this.#child.channel?.unref()
    this.#child.on('message', (answer: Answer) => this.#answered(answer))
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        for (const { reject } of this.#waiting.values()) reject(new Gone('it was killed'))
        this.#waiting.clear()
        resolve()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask(asking: Asking): Promise<never> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.channel?.ref()
      this.#child.send({ ...asking, id }, (error) => {
        if (error !== null) this.#answered({ id, fault: 'it is gone' })
      })
    })
  }

  /** At whatever it does, and as a machine does it: what it started lives on, and is waited for. */
  async kill(): Promise<void> {
    // Nothing is started between the look and the end.
    this.#child.kill('SIGSTOP')
    const gits = childrenOf(this.pid)
    this.#child.kill('SIGKILL')
    await this.#exited
    // oxlint-disable-next-line no-await-in-loop -- the system tells nobody of the end of what is not its own
    while (gits.some((pid) => isRunning(pid))) await sleep(pollMs)
  }

  end(): void {
    this.#child.disconnect()
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#child.channel?.unref()
    if (waiting === undefined) return
    if ('fault' in answer) waiting.reject(new Error(answer.fault))
    else waiting.resolve(answer.result)
  }
}
