/**
 * Calls of the API over the simulated network: each is made again with the same words until it is answered, as programs
 * do. `answers.ts` holds the answers against each other.
 */
import type { SessionReply } from '@belay/session'
import type { Answers } from './answers.ts'
import { type Asked, decodeReply, encodeRequest, type Request } from './api.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'

export interface CallerOptions {
  readonly name: string
  readonly process: Process
  readonly network: Network
  readonly answers: Answers
  /** Whether the network repeats this call. */
  readonly repeats: () => boolean
}

const answerMsMax = 8000
const againMs = 700

export class Caller {
  readonly #options: CallerOptions

  constructor(options: CallerOptions) {
    this.#options = options
  }

  /** @param then hears the answer, once */
  call(session: string, asked: Asked, then: (reply: SessionReply) => void = () => {}): void {
    const request: Request = { session, asked }
    const { process, name, repeats } = this.#options
    process.stage.say(name, () => `asks ${session} ${JSON.stringify(asked).slice(0, 100)}`)
    const call = this.#options.answers.begin(request)
    this.#try(request, Infinity, (reply) => {
      process.stage.say(name, () => `hears ${JSON.stringify(reply).slice(0, 110)}`)
      this.#options.answers.take(call, reply)
      then(reply)
    })
    if (!repeats()) return
    process.stage.fire('duplicate')
    process.after(process.stage.random.integer(0, 20_000), () => this.#try(request, 1, () => {}))
  }

  #try(request: Request, tries: number, then: (reply: SessionReply) => void): void {
    const { network, process, name } = this.#options
    if (tries <= 0) return
    let over = false
    const socket = network.dial(
      process,
      { kind: 'call', who: name },
      {
        opened: () => socket.send(encodeRequest(request)),
        frame: (text) => {
          if (over) return
          over = true
          socket.close(1000)
          then(decodeReply(text))
        },
        closed: () => again(),
      },
    )
    const again = () => {
      if (over) return
      over = true
      socket.terminate()
      process.after(againMs, () => this.#try(request, tries - 1, then))
    }
    process.after(answerMsMax, again)
  }
}
