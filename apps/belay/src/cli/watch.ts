/**
 * Watching a session in a terminal until something is reached, or until Ctrl-C.
 *
 * Invariants:
 * - V-62 Ctrl-C only leaves: no request follows it, and how to come back is said. A second one ends the process at once.
 * - V-63 What was shown is never shown again, and nothing is left out, whatever the connection does.
 */
import {
  applyFrame,
  emptyTranscript,
  findItem,
  type PermissionItem,
  type Transcript,
  type ViewerEvent,
  type ViewerFrame,
} from '@belay/client'
import type { EventOf, SessionView } from '@belay/protocol'
import { type Client, follow, followSse, type LinkState } from '@belay/client/webapi'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { oneLine, painter } from './paint.ts'
import { Answerer, type Answering } from './permissions.ts'
import { Renderer } from './render.ts'
import { StepTeller } from './steps.ts'
import { howToGoOn } from './undecided.ts'
import type { World } from './world.ts'

export interface WatchOptions {
  readonly world: World
  readonly client: Client
  readonly session: string
  /** Events up to this one are not shown. */
  readonly after: number
  /** Frames as they are, one on each line, instead of text. */
  readonly json: boolean
  /** Server-sent events instead of a WebSocket. */
  readonly sse: boolean
  readonly answering: Answering
  /** @returns the exit code once what is waited for is reached */
  readonly until: (transcript: Transcript, frame: ViewerFrame) => number | undefined
}

export async function watch(options: WatchOptions): Promise<number> {
  const { world, client, session, json } = options
  const renderer = new Renderer(painter(world.out.color), options.after)
  const answerer = new Answerer(options)
  const link = linkTeller(world, renderer)
  const steps = new StepTeller(painter(world.err.color))
  let transcript = emptyTranscript(options.after)
  const { promise, resolve } = Promise.withResolvers<number>()
  const stopListening = onLeave(world, session, resolve)
  const following = (options.sse ? followSse : follow)(client, session, {
    after: options.after,
    onLink: (state) => link.hear(state),
    onFrame(frame) {
      transcript = applyFrame(transcript, frame)
      if (json) world.out.write(`${JSON.stringify(frame)}\n`)
      else if (frame.type === 'events') {
        world.out.write(frame.events.map((event) => renderer.next(event)).join(''))
      } else if ('session' in frame) {
        if (frame.type === 'snapshot') world.out.write(renderer.begin(frame))
        world.err.write(steps.next(frame.session))
      }
      if (transcript.caughtUp) answerer.update(openPermissions(transcript))
      const code = options.until(transcript, frame) ?? codeOfEnd(world, frame)
      if (code !== undefined) resolve(code)
    },
  })
  try {
    return await promise
  } finally {
    following.close()
    link.close()
    answerer.close()
    stopListening()
    if (!json) world.out.write(renderer.finish())
  }
}

function openPermissions(transcript: Transcript): readonly PermissionItem[] {
  return transcript.open.flatMap((key) => {
    const item = findItem(transcript, key)
    return item?.type === 'permission' ? [item] : []
  })
}

/** A stream that is over for good, without what was waited for. */
function codeOfEnd(world: World, frame: ViewerFrame): number | undefined {
  if (frame.type !== 'end' || frame.retry) return undefined
  world.err.write(`${frame.message}\n`)
  return frame.code === 'session-deleted' ? exitCodes.interrupted : exitCodes.failed
}

function onLeave(world: World, session: string, leave: (code: number) => void): () => void {
  let asked = false
  return world.onInterrupt(() => {
    if (asked) {
      world.exit(exitCodes.detached)
      return
    }
    asked = true
    world.err.write(
      `\nLeft; the session goes on. Come back with "belay attach ${session}", stop it with "belay stop ${session}".\n`,
    )
    leave(exitCodes.detached)
  })
}

/** A loss that heals within it is not worth a word. */
const quietMs = 1_000

/** Says that the connection is lost, and that it is back, once each. */
function linkTeller(world: World, renderer: Renderer) {
  const paint = painter(world.err.color)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isTold = false

  function lost(reason: string): void {
    isTold = true
    // On a screen both outputs share a line; in files each has its own.
    const lead = world.canAsk && renderer.midLine ? '\n' : ''
    const words = `· Connection lost: ${reason}. The session goes on without it; trying again.\n`
    world.err.write(lead + paint('dim', words))
  }
  function quiet(): void {
    clearTimeout(timer)
    timer = undefined
  }
  return {
    hear({ state, reason }: LinkState): void {
      if (state === 'open') {
        quiet()
        if (isTold) world.err.write(paint('dim', '· Connected again; nothing was lost.\n'))
        isTold = false
      } else if (reason !== undefined && state !== 'over' && !isTold) {
        if (state === 'waiting') {
          quiet()
          lost(reason)
        } else timer ??= setTimeout(() => lost(reason), quietMs)
      }
    },
    close: quiet,
  }
}

/**
 * The end of one prompt, and what its turn changed: what `run` and `prompt --follow` wait for. The session sees to it that
 * what is due is told, also of a runner that died.
 */
export function untilPromptEnds(
  { world, session }: Pick<WatchOptions, 'world' | 'session'>,
  promptId: string,
): WatchOptions['until'] {
  let ended: EventOf<'turn-ended'> | undefined
  return (transcript, frame) => {
    for (const event of frame.type === 'events' ? frame.events : []) {
      if (event.type === 'turn-ended' && event.promptId === promptId) ended = event
      if (event.type === 'prompt-cancelled' && event.promptId === promptId)
        return exitCodes.interrupted
      if (ended !== undefined && isChangesOf(event, ended)) return exitCodeOf(ended.outcome)
    }
    if (ended === undefined)
      return attention(world, session, transcript) ?? held(world, transcript, promptId)
    return ended.changesFollow === true && !isOver(transcript, frame, ended.turn)
      ? undefined
      : exitCodeOf(ended.outcome)
  }
}

function isChangesOf(event: ViewerEvent, { turn }: EventOf<'turn-ended'>): boolean {
  return event.type === 'turn-changes' && event.turn === turn
}

/** Nothing more comes of a turn that has ended: it changed nothing, or the stream is over for good. */
function isOver(transcript: Transcript, frame: ViewerFrame, turn: number): boolean {
  if (frame.type === 'end') return !frame.retry
  // Events of the same commit come before its state.
  if (frame.type === 'events' || !transcript.caughtUp) return false
  return transcript.session?.changesDue !== turn
}

/** Nothing runs and nothing waits. */
export function untilIdle({
  world,
  session,
}: Pick<WatchOptions, 'world' | 'session'>): WatchOptions['until'] {
  return (transcript) => {
    const view = transcript.session
    const isDone = view?.status === 'idle' && view.queued === 0
    const rests = isDone || view?.status === 'undecided'
    if (transcript.caughtUp && rests && view.changesDue === undefined && !begins(view))
      return held(world, transcript) ?? codeOfRest(world, view)
    return attention(world, session, transcript)
  }
}

/** A prompt is about to begin: the session goes on by itself. */
function begins({ queue: [next] }: SessionView): boolean {
  return next !== undefined && next.held !== true
}

/** A failure that nobody decided about is not done, whatever came after it. */
function codeOfRest(world: World, { undecided, lastTurn, why }: SessionView): number {
  const failed = undecided?.turns.at(-1)
  if (failed === undefined)
    return lastTurn === undefined ? exitCodes.completed : exitCodeOf(lastTurn.outcome)
  if (failed.turn !== lastTurn?.turn) world.err.write(`${oneLine(why)}\n`)
  return exitCodeOf(failed.outcome)
}

/** Prompts wait for a person. @param promptId the one that matters; absent: any */
function held(world: World, transcript: Transcript, promptId?: string): number | undefined {
  const view = transcript.session
  if (!transcript.caughtUp || view?.status !== 'undecided') return undefined
  const waits = view.queue.some(
    (prompt) => prompt.held === true && (promptId === undefined || prompt.promptId === promptId),
  )
  if (!waits) return undefined
  world.err.write(`${howToGoOn(view)}\n`)
  return exitCodes.attention
}

function attention(world: World, session: string, transcript: Transcript): number | undefined {
  const view = transcript.session
  if (!transcript.caughtUp || view?.status !== 'attention') return undefined
  world.err.write(
    `The session needs attention: ${oneLine(view.why)} Correct it, then "belay retry ${session}".\n`,
  )
  return exitCodes.attention
}
