/**
 * The server's door for runners: lets their sockets in, and opens what is sealed on its way out to them. What is said on
 * a socket, the session's `ChannelEnds` decide.
 *
 * Invariants:
 * - K-30 What is attached to a prompt is put into it only on its way to the runner of its session.
 * - K-176 That a prompt is on its way is told to a runner that could begin with it, before it is stored; nothing follows from it.
 * - K-27 A repository's token is unsealed only on its way to the runner of its session.
 * - K-3 A socket is let in only with the token of its session and generation, and fenced by the session itself.
 */
import { livenessPolicy } from '@belay/channel'
import { closeReason, type Command, limits, streams } from '@belay/protocol'
import { ChannelEnds, type ChannelNote, couldStart, type RunnerIdentity } from '@belay/session'
import type { Logger } from 'pino'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { attachmentOf } from './attachments.ts'
import { refuseHandshake, type Upgrade } from './listener.ts'
import { RefusalError } from './problem.ts'
import { gitPlace, type Seal } from './seal.ts'
import { bearer, readRunnerToken } from './tokens.ts'
import { type SessionHost, stateOf } from './session-host.ts'

export interface RunnerLinkOptions {
  readonly host: SessionHost
  readonly secret: Buffer
  readonly seal: Seal
  readonly clock: () => number
  readonly log: Logger
}

export class RunnerLinks {
  readonly #options: RunnerLinkOptions
  readonly #ends: ChannelEnds
  readonly #timer: NodeJS.Timeout
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
  })

  constructor(options: RunnerLinkOptions) {
    const { host, clock, log } = options
    this.#options = options
    this.#ends = new ChannelEnds({
      submit: (session, input) => host.submit(session, input),
      clock,
      note: (who, note) => logNote(log, who, note),
    })
    this.#timer = setInterval(() => this.#ends.judgeSilence(), livenessPolicy.tickMs)
    this.#timer.unref()
    this.#server.on('wsClientError', refuseHandshake)
  }

  /** Answers an upgrade if it is a runner's; false when it is not. @throws RefusalError */
  upgrade({ request, url, socket, head }: Upgrade): boolean {
    if (url.pathname !== streams.runner.path) return false
    const identity = readRunnerToken(
      this.#options.secret,
      bearer(request.headers.authorization) ?? '',
    )
    if (identity === undefined) {
      throw new RefusalError('unauthorized', 'This is not the token of a runner of this server.')
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#attach(identity, webSocket),
    )
    return true
  }

  /** Sends a command if its runner is linked; otherwise its next hello asks for it. */
  send(session: string, generation: number, n: number, command: Command): void {
    this.#ends.send({ session, generation }, n, () => this.#opened(session, command))
  }

  /** Tells a session's runner that a prompt is on its way, if it could begin with it at once. */
  announce(session: string, promptId: string): void {
    const state = stateOf(this.#options.host, session)
    if (state === undefined || !couldStart(state)) return
    this.#ends.notify(session, { type: 'prompt-coming', promptId })
  }

  /** A command as it leaves: here, and nowhere else, what is sealed in it is opened. */
  #opened(session: string, command: Command): Command {
    if (command.type === 'prompt') return this.#withAttachments(session, command)
    if (command.type !== 'prepare' || command.sealedToken === undefined) return command
    const { sealedToken, ...rest } = command
    if (rest.workspace.type !== 'repository') return rest
    try {
      return { ...rest, token: this.#options.seal.open(sealedToken, gitPlace(rest.workspace.url)) }
    } catch (error) {
      // Sealed by another folder's secret: the clone will say that it is not let in.
      this.#options.log.warn({ session, error: String(error) }, 'a token could not be unsealed')
      return rest
    }
  }

  /** What is attached to a prompt is in the session's rows alone, so that its state stays small. */
  #withAttachments(session: string, command: Extract<Command, { type: 'prompt' }>): Command {
    const { attachments, ...rest } = command
    if (attachments === undefined) return rest
    const { host } = this.#options
    return {
      ...rest,
      attachments: attachments.map((one) => attachmentOf(host, session, one.id) ?? one),
    }
  }

  /** Tells the runner of this generation, or of an older one, that it is done; it ends its agent and itself. */
  release(session: string, generation: number): void {
    this.#ends.release(session, generation)
  }

  /** When the last byte of a session's runner came, milliseconds since the epoch; undefined without a socket. */
  heardAt(session: string): number | undefined {
    return this.#ends.heardAt(session)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#ends.close()
  }

  #attach(who: RunnerIdentity, socket: WebSocket): void {
    const ear = this.#ends.attach(who, {
      send: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, closeReason(reason)),
      terminate: () => socket.terminate(),
    })
    socket.on('error', (error) =>
      this.#options.log.debug({ ...who, error: error.message }, 'runner socket error'),
    )
    socket.on('close', () => ear.closed())
    socket.on('message', (data) => ear.frame(textOf(data)))
  }
}

function logNote(log: Logger, { session, generation }: RunnerIdentity, note: ChannelNote): void {
  const who = { session, generation }
  switch (note.type) {
    case 'linked':
      return log.info(who, 'runner linked')
    case 'lost':
      return log.info(who, 'runner link lost')
    case 'broken':
      return log.warn({ ...who, reason: note.reason }, 'runner broke the protocol')
    case 'dismissed':
      return log.info({ ...who, refusal: note.refusal }, 'runner dismissed')
    case 'not-stored':
      return log.error({ ...who, error: String(note.error) }, 'could not store')
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString()
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString()
}
