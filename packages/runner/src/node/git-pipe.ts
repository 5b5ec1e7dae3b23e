/**
 * A git that is fed while it runs: what it is given and what it answers are streams.
 *
 * Owns: the reading of what it answers. `program.ts` runs it and ends it, as it does every other program.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { environment, faultOf, Unanswered } from './git.ts'
import { type ProgramEnd, runProgram } from './program.ts'

export interface PipeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly variables: Readonly<Record<string, string>>
  /** Absent: only who has it ends it. */
  readonly signal: AbortSignal | undefined
}

/** What bounds it is the signal; this is for one that nobody ever stops. */
const signalledMsMax = 10 * 60_000
/** As long as a timer can be: 25 days. */
const heldMsMax = 2 ** 31 - 1

export class GitPipe {
  readonly #ended: Promise<unknown>
  readonly #stop = new AbortController()
  #stdin: Writable | undefined
  #output: Buffer[] = []
  #wanted: (() => void) | undefined
  #errors = ''
  #end: ProgramEnd | undefined

  constructor(args: readonly string[], { env, variables, signal }: PipeOptions) {
    const msMax = signal === undefined ? heldMsMax : signalledMsMax
    const stop = AbortSignal.any([this.#stop.signal, ...(signal === undefined ? [] : [signal])])
    const running = runProgram('git', args, {
      env: environment({ env, variables, signal: stop, msMax }),
      signal: stop,
      msMax,
      input: (stdin) => {
        this.#stdin = stdin
      },
      onOutput: (data) => {
        this.#output.push(data)
        this.#wanted?.()
      },
      onError: (data) => {
        this.#errors = (this.#errors + data.toString('utf8')).slice(-4096)
      },
    })
    this.#ended = running.then((end) => {
      this.#end = end
      return this.#wanted?.()
    })
  }

  /** @throws when it is gone */
  async write(data: string | Uint8Array): Promise<void> {
    const stdin = this.#stdin
    // It was not even started, which is known in a moment.
    if (stdin === undefined) await this.#ended
    if (this.#end !== undefined || stdin === undefined) throw this.#gone()
    if (stdin.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)) return
    await Promise.race([once(stdin, 'drain').catch(() => this.#ended), this.#ended])
    if (this.#end !== undefined) throw this.#gone()
  }

  /** The next bytes up to and with the given one. @throws when it ends before */
  async readUntil(byte: number): Promise<Buffer> {
    for (;;) {
      const all = this.#whole()
      const at = all.indexOf(byte)
      if (at >= 0) return this.#take(all, at + 1)
      if (this.#end !== undefined) throw this.#gone()
      await this.#more()
    }
  }

  /** The next bytes, so many. @throws when it ends before */
  async read(count: number): Promise<Buffer> {
    while (this.#output.reduce((sum, { length }) => sum + length, 0) < count) {
      if (this.#end !== undefined) throw this.#gone()
      await this.#more()
    }
    return this.#take(this.#whole(), count)
  }

  /** Nothing is asked any more; what it answers may still be read. */
  close(): void {
    this.#stdin?.end()
  }

  /** All it still says, as it says it. */
  async *rest(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const all = this.#whole()
      this.#output = []
      if (all.length > 0) yield all
      else if (this.#end !== undefined) return
      else await this.#more()
    }
  }

  /** The same, whole. */
  async all(): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of this.rest()) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** What it said of its troubles, the last of it. */
  get errors(): string {
    return this.#errors
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** By a signal that was not ours. */
  get wasKilled(): boolean {
    return this.#end?.type === 'killed'
  }

  /** How it ended, when it did so by itself. */
  get code(): number | undefined {
    return this.#end?.type === 'exited' ? this.#end.code : undefined
  }

  /** Nothing is asked any more. @returns why it did not go well */
  async end(): Promise<Error | undefined> {
    this.close()
    await this.#ended
    return this.code === 0 ? undefined : this.#gone()
  }

  kill(): void {
    this.#stop.abort()
  }

  #whole(): Buffer {
    const all = this.#output.length === 1 ? this.#output[0] : Buffer.concat(this.#output)
    this.#output = all === undefined ? [] : [all]
    return all ?? Buffer.alloc(0)
  }

  #take(all: Buffer, count: number): Buffer {
    const rest = all.subarray(count)
    this.#output = rest.length === 0 ? [] : [rest]
    return all.subarray(0, count)
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = () => {
        this.#wanted = undefined
        resolve()
      }
    })
  }

  #gone(): Error {
    const lines = this.#errors.split('\n').filter((line) => line.trim() !== '')
    // What comes behind it is advice.
    const said = lines.flatMap((line) => /^(?:fatal|error): (.+)/.exec(line)?.[1] ?? [])[0]
    const fault =
      this.#end && faultOf(this.#end, said === undefined ? lines : [said], signalledMsMax)
    if (this.#end?.type !== 'exited') return new Unanswered(fault)
    return new Error(fault ?? 'git ended before its work was done.')
  }
}
