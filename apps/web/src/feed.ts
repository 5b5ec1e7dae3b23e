/**
 * What comes from the server, kept: the list of sessions and the transcripts.
 *
 * Owns: which streams are open, and what was received. How a stream comes back after a loss is the client's.
 *
 * Invariants:
 * - W-11 What was received stays on the page while the server is away; after it no line is missing and none twice.
 */
import {
  applyFrame,
  applyListFrame,
  emptyTranscript,
  type SessionList,
  type Transcript,
  type ViewerFrame,
} from '@belay/client'
import {
  type Client,
  follow,
  followList,
  type Following,
  type LinkState,
} from '@belay/client/webapi'
import { linkChanged, type LinkView } from './link-view.ts'
import { Live } from './live.ts'

const notYet: LinkView = { link: { state: 'connecting', attempt: 0 }, downSince: undefined }

/** A stream that is open while somebody looks. */
abstract class Feed {
  readonly link = new Live<LinkView>(notYet)
  #following: Following | undefined

  protected abstract follow(): Following

  /** @returns what closes it */
  readonly open = (): (() => void) => {
    const following = this.follow()
    this.#following = following
    return () => {
      following.close()
      this.#following = undefined
    }
  }

  readonly retryNow = (): void => {
    this.#following?.retryNow()
  }

  protected readonly onLink = (state: LinkState): void => {
    this.link.set(linkChanged(this.link.value, state, Date.now()))
  }
}

export class ListFeed extends Feed {
  readonly list = new Live<SessionList>({})
  readonly #client: Client

  constructor(client: Client) {
    super()
    this.#client = client
  }

  protected follow(): Following {
    return followList(this.#client, {
      onFrame: (frame) => this.list.set(applyListFrame(this.list.value, frame)),
      onLink: this.onLink,
    })
  }
}

/** How long a long log is read before what is there so far is drawn. Drawing it again and again takes longer than reading. */
const readMsMax = 1000

export class SessionFeed extends Feed {
  readonly transcript = new Live<Transcript>(emptyTranscript())
  readonly #client: Client
  readonly #id: string
  readonly #onAccepted: (promptId: string) => void
  #drawnAt = 0
  #lastEventAt: number | undefined

  /** @param onAccepted hears of every prompt the log has */
  constructor(client: Client, id: string, onAccepted: (promptId: string) => void) {
    super()
    this.#client = client
    this.#id = id
    this.#onAccepted = onAccepted
  }

  /** When the log's last event was stored: the agent's last sign, while a turn runs. */
  readonly lastEventAt = (): number | undefined => this.#lastEventAt

  protected follow(): Following {
    this.#drawnAt = Date.now()
    return follow(this.#client, this.#id, {
      after: this.transcript.value.cursor,
      onFrame: this.#onFrame,
      onLink: (state) => {
        this.onLink(state)
        // Lost while reading: what there is of the log is shown.
        if (state.state === 'waiting') this.transcript.set(this.transcript.value)
      },
    })
  }

  readonly #onFrame = (frame: ViewerFrame): void => {
    this.#show(applyFrame(this.transcript.value, frame))
    if (frame.type !== 'events') return
    this.#lastEventAt = frame.events.at(-1)?.at
    for (const event of frame.events) {
      if (event.type === 'prompt-accepted') this.#onAccepted(event.promptId)
    }
  }

  #show(transcript: Transcript): void {
    const now = Date.now()
    if (!transcript.caughtUp && transcript.ended === undefined && now - this.#drawnAt < readMsMax) {
      this.transcript.keep(transcript)
      return
    }
    this.#drawnAt = now
    this.transcript.set(transcript)
  }
}

/** Sessions whose transcript is kept after they were left. */
const feedsMax = 8

/** The feeds of one signed-in page. */
export class Feeds {
  readonly list: ListFeed
  readonly #client: Client
  readonly #sessions = new Map<string, SessionFeed>()

  constructor(client: Client) {
    this.#client = client
    this.list = new ListFeed(client)
  }

  session(id: string, onAccepted: (promptId: string) => void): SessionFeed {
    const feed = this.#sessions.get(id) ?? new SessionFeed(this.#client, id, onAccepted)
    // The map's order is the order of use: the first one was looked at longest ago.
    this.#sessions.delete(id)
    this.#sessions.set(id, feed)
    for (const old of [...this.#sessions.keys()].slice(0, -feedsMax)) this.#sessions.delete(old)
    return feed
  }
}
