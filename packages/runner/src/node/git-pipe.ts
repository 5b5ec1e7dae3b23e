/**
 * A git that is fed while it runs: what it is given and what it answers are streams.
 *
 * Owns: the one process, asked to end first and ended after that.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { environment } from './git.ts'

export interface PipeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly variables: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** How long git has to take its locks away once it was asked to end. */
const endMs = 2000

export class GitPipe {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<void>
  #output: Buffer[] = []
  #wanted: (() => void) | undefined
  #over = false
  #errors = ''
  #code: number | null = null
  #killer: NodeJS.Timeout | undefined

  constructor(args: readonly string[], { env, variables, signal }: PipeOptions) {
    this.#child = spawn('git', [...args], {
      env: environment({ env, variables, signal, msMax: 0 }),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const { stdin, stdout, stderr } = this.#child
    // That it went away says its end.
    stdin.on('error', () => undefined)
    stdout.on('data', (data: Buffer) => {
      this.#output.push(data)
      this.#wanted?.()
    })
    stderr.on('data', (data: Buffer) => {
      this.#errors = (this.#errors + data.toString('utf8')).slice(-4096)
    })
    const stop = () => this.kill()
    signal.addEventListener('abort', stop)
    this.#ended = new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', stop)
        clearTimeout(this.#killer)
        this.#over = true
        this.#wanted?.()
        resolve()
      }
      this.#child.once('error', (error) => {
        this.#errors += error.message
        done()
      })
      this.#child.once('close', (code) => {
        this.#code = code
        done()
      })
    })
    if (signal.aborted) this.kill()
  }

  /** @throws when it is gone */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#over) throw this.#gone()
    const { stdin } = this.#child
    if (stdin.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)) return
    await Promise.race([once(stdin, 'drain').catch(() => this.#ended), this.#ended])
    if (this.#over) throw this.#gone()
  }

  /** The next bytes up to and with the given one. @throws when it ends before */
  async readUntil(byte: number): Promise<Buffer> {
    for (;;) {
      const all = this.#whole()
      const at = all.indexOf(byte)
      if (at >= 0) return this.#take(all, at + 1)
      if (this.#over) throw this.#gone()
      await this.#more()
    }
  }

  /** The next bytes, so many. @throws when it ends before */
  async read(count: number): Promise<Buffer> {
    while (this.#output.reduce((sum, { length }) => sum + length, 0) < count) {
      if (this.#over) throw this.#gone()
      await this.#more()
    }
    return this.#take(this.#whole(), count)
  }

  /** Nothing is asked any more; what it answers may still be read. */
  close(): void {
    this.#child.stdin.end()
  }

  /** All it still says, as it says it. */
  async *rest(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const all = this.#whole()
      this.#output = []
      if (all.length > 0) yield all
      else if (this.#over) return
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

  /** How it ended; `null` by a signal. */
  get code(): number | null {
    return this.#code
  }

  /** Nothing is asked any more. @returns why it did not go well */
  async end(): Promise<string | undefined> {
    this.close()
    await this.#ended
    return this.#code === 0 ? undefined : this.#gone().message
  }

  kill(): void {
    const { pid } = this.#child
    if (this.#over || pid === undefined || this.#killer !== undefined) return
    signalGroup(pid, 'SIGTERM')
    this.#killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), endMs)
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
    const lines = this.#errors.trim().split('\n')
    const last = lines.find((line) => line.startsWith('fatal: '))?.slice(7) ?? lines.at(-1)
    return new Error(
      last === undefined || last === '' ? 'git ended before its work was done.' : last,
    )
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All of it is gone already.
  }
}
