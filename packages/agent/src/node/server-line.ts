/**
 * The line to one agent server: its process, its address behind a password, requests, and the stream of its events.
 *
 * Owns: readiness, the life of the stream, and the judgement that a server which lives and does not answer is hung.
 *
 * Invariants:
 * - A-46 A server listens on loopback, behind a password of its own process that is in no argument and in no file.
 * - A-48 A lost stream is no lost agent: it is opened again, and what happened in the gap is told once.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { type AgentExit, exitSentence } from '../exit.ts'
import { type Listening, listeningAt, passwordVariables } from '../server/listening.ts'
import type { ServerPolicy } from '../server/policy.ts'
import {
  beginWatch,
  heard,
  probed,
  tick,
  tickMs,
  type Watch,
  type Watched,
} from '../server/watch.ts'
import type { AgentEvents, AgentFailure, Answer, ConnectOptions } from './adapter.ts'
import { EventStream } from './event-stream.ts'
import { Lines } from './lines.ts'
import { type AgentProcess, spawnAgent } from './process.ts'
import { ServerApi, type ServerAnswer } from './server-api.ts'

export interface ServerLineOptions {
  readonly connect: ConnectOptions
  readonly policy: ServerPolicy
  readonly onEvent: (event: unknown) => void
  /** Fills the gap of a stream that was opened again. @returns what kept it from that */
  readonly onGap: (api: ServerApi) => Promise<string | undefined>
}

/** The line is there: requests are answered, events come. */
export interface Attached {
  readonly api: ServerApi
  readonly version: string | undefined
}

export class ServerLine {
  readonly process: AgentProcess
  /** Never rejects. */
  readonly exited: Promise<AgentExit>
  /** Never rejects. */
  readonly attached: Promise<Answer<Attached>>

  readonly #on: AgentEvents
  readonly #options: ServerLineOptions
  readonly #password = randomBytes(24).toString('base64url')
  #api: ServerApi | undefined
  #stream: EventStream | undefined
  #watch: Watch = beginWatch(0)
  #watching: NodeJS.Timeout | undefined
  #degraded = false
  #signedAt = -Infinity
  #ended = false

  constructor(options: ServerLineOptions) {
    const { connect } = options
    this.#options = options
    this.#on = connect.on
    this.process = spawnAgent({
      ...connect,
      env: { ...connect.env, ...passwordVariables(this.#password) },
      secrets: [...(connect.secrets ?? []), this.#password],
      onStderr: (line) => {
        connect.on.note(`stderr: ${line}`)
        this.#signOfStart()
      },
    })
    this.exited = this.process.exited.then((exit) => this.#onExit(exit))
    this.attached = this.#attach()
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Hands on no events until `resume`; they wait in the socket. */
  pause(): void {
    if (!this.#ended) this.#stream?.pause()
  }
  resume(): void {
    this.#stream?.resume()
  }

  /** The end of the process, as a failure. */
  async gone(): Promise<{ readonly failure: AgentFailure }> {
    return { failure: { code: 'agent-exited', message: exitSentence(await this.exited) } }
  }

  /** @returns the answer; `undefined` when the process ended first */
  async before(answer: Promise<ServerAnswer>): Promise<ServerAnswer | undefined> {
    const first = await Promise.race([answer, this.exited.then(() => undefined)])
    // A request that broke because the process ended says less than its exit.
    if (first?.status !== 0) return first
    const gone = await Promise.race([this.exited.then(() => true), sleep(exitMsMax, false)])
    return gone ? undefined : first
  }

  async #attach(): Promise<Answer<Attached>> {
    const { connect, policy } = this.#options
    const listening = await this.#listening(connect.startMs)
    if ('failure' in listening) return listening
    const { name: user, url } = listening.ok
    const api = new ServerApi({ url, user, password: this.#password, folder: connect.cwd, policy })
    this.#api = api
    const health = await this.before(api.get('/global/health', policy.attachMs))
    if (health === undefined) return this.gone()
    if (!health.ok) return silent(`its health: ${health.fault}`)
    if (!(await this.#openStream(api))) return this.#ended ? this.gone() : silent('its events')
    const { version } = Object(health.value)
    return { ok: { api, version: typeof version === 'string' ? version : undefined } }
  }

  /** A storm of lines is one sign. */
  #signOfStart(): void {
    const now = performance.now()
    if (this.#api !== undefined || now - this.#signedAt < signMs) return
    this.#signedAt = now
    this.#on.startSign?.()
  }

  /** Who it is and where, from the line that says it. */
  async #listening(startMs: number): Promise<Answer<Listening>> {
    const { promise, resolve } = Promise.withResolvers<Listening>()
    const lines = new Lines(lineBytesMax)
    this.process.stdout.on('data', (data: Buffer) => {
      for (const line of lines.push(data)) {
        const clean = stripVTControlCharacters(line ?? '… [a line too long]')
        const listening = listeningAt(clean)
        if (listening !== undefined) {
          resolve(listening)
          continue
        }
        this.#on.note(`stdout: ${clean.slice(0, 500)}`)
        this.#signOfStart()
      }
    })
    const done = new AbortController()
    const { signal } = done
    const late = sleep(startMs, 'late' as const, { signal }).catch(() => 'late' as const)
    const first = await Promise.race([promise, this.exited, late])
    done.abort()
    if (first !== 'late') return 'url' in first ? { ok: first } : this.gone()
    const message = 'The agent did not say where it listens in time.'
    return { failure: { code: 'timeout', message } }
  }

  /** @returns whether its first event came */
  #openStream(api: ServerApi): Promise<boolean> {
    const { policy, onEvent } = this.#options
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let opened = false
    this.#stream = new EventStream({
      url: api.address('/event'),
      headers: api.headers,
      policy,
      onOpen: async () => {
        this.#hear()
        if (opened) await this.#restore(api)
        opened = true
        resolve(true)
      },
      onEvent: (event) => {
        this.#hear()
        onEvent(event)
      },
      onLost: (cause) => this.#lost(cause),
      onNote: (line) => this.#on.note(line),
    })
    const late = setTimeout(() => resolve(false), policy.attachMs)
    void this.exited.then(() => resolve(false))
    this.#watch = beginWatch(Date.now())
    this.#watching = setInterval(() => this.#look(), tickMs)
    return promise.finally(() => clearTimeout(late))
  }

  #hear(): void {
    this.#watch = heard(this.#watch, Date.now())
  }

  #look(): void {
    // Nobody listens: the silence is ours.
    if (this.#stream?.paused === true) this.#hear()
    this.#act(tick(this.#watch, Date.now(), this.#options.policy))
  }

  #act({ watch, act }: Watched): void {
    this.#watch = watch
    if (act === 'probe') void this.#probe()
    if (act === 'reopen') this.#stream?.reopen()
    if (act !== 'hung') return
    // Once is enough: it is ended for it.
    clearInterval(this.#watching)
    this.#on.note('it lives and does not answer')
    this.#on.hung?.()
  }

  async #probe(): Promise<void> {
    const { policy } = this.#options
    const health = await this.#api?.get('/global/health', policy.probeMs)
    if (this.#ended) return
    this.#act(probed(this.#watch, health?.ok === true, Date.now(), policy))
  }

  #lost(cause: string): void {
    if (this.#ended || this.#degraded) return
    this.#degraded = true
    this.#on.degraded?.(cause)
  }

  async #restore(api: ServerApi): Promise<void> {
    const fault = await this.#options.onGap(api)
    // Half of it would be taken for all: the line is given up, and the next one asks again.
    if (fault !== undefined) {
      this.#on.note(`after a gap: ${fault}`)
      this.#stream?.reopen()
      return
    }
    if (!this.#degraded) return
    this.#degraded = false
    this.#on.restored?.()
  }

  #onExit(exit: AgentExit): AgentExit {
    this.#ended = true
    clearInterval(this.#watching)
    this.#stream?.close()
    return exit
  }
}

/** Between two signs of a start. */
const signMs = 500
/** What a server prints in one line that anybody reads. */
const lineBytesMax = 64 * 1024
/** A connection breaks before the exit of who held it is known. */
const exitMsMax = 100

function silent(what: string): { readonly failure: AgentFailure } {
  const message = `The agent listens and does not answer (${what}).`
  return { failure: { code: 'timeout', message } }
}
