/**
 * One viewer of one session: from its cursor through the stored log to the live end, without a gap and without a repeat.
 *
 * Owns: the viewer's cursor. A viewer is only a reader: it holds nothing of the log, so a slow one costs no memory.
 * While it is behind or its socket is full it reads stored segments; at the end of the log it is given each commit.
 *
 * Invariants:
 * - L-1 The cursor moves only over events that were written to the sink, in order.
 * - L-2 `caught-up` is said once, after the last event that was stored when the viewer came, and never again.
 * - L-3 A viewer whose sink is full is given nothing until it drains; then it goes on from its cursor.
 * - L-7 Where the log begins behind a viewer's cursor, the snapshot says up to which event it was trimmed.
 */
import { closeCodes, limits } from '@belay/protocol'
import type { SessionState } from './state.ts'
import {
  endFrame,
  type EventSegment,
  eventsFrame,
  eventsFrameAfter,
  type Frame,
  looksSame,
  snapshotFrame,
  stateFrame,
} from './viewer-frames.ts'

/** What viewers read: the committed state and log of sessions, as the host has them. */
export interface ViewedLog {
  read(id: string): SessionState
  /** The number of the first event that is kept; `undefined` when none is. */
  first(id: string): number | undefined
  /** Segments that hold numbers above `after`, in order; the first may begin earlier. */
  log(id: string, after: number, bytesMax: number): readonly EventSegment[]
  /** Calls back after each commit. @returns what ends it */
  watch(id: string, watcher: (commit: ViewedCommit) => void): () => void
}

export interface ViewedCommit {
  readonly state: SessionState
  readonly segment: EventSegment | undefined
  /** Whether the log was removed. */
  readonly wiped: boolean
}

/** Where frames go: a WebSocket or an SSE response. */
export interface Sink {
  /** @param seq the last event in the frame, if it holds events */
  write(frame: Frame, seq?: number): void
  /** Whether so much waits to be sent that no more should be written now. */
  isFull(): boolean
  /** Calls back once, when it is not full any more. */
  onDrain(callback: () => void): void
  close(code: number, reason: string): void
}

export interface Viewer {
  /** A proof of life on a quiet stream: the present state again. */
  beat(): void
  /** Says why and ends the stream. */
  end(code: 'session-deleted' | 'going-away', message: string): void
  /** The socket is gone. */
  closed(): void
}

/** @param after the last event the viewer has */
export function openViewer(host: ViewedLog, id: string, after: number, sink: Sink): Viewer {
  let cursor = after
  /** The state that was said last. */
  let shown = host.read(id)
  let caughtUp = false
  let pumping = false
  const line = { open: true }
  const stopWatching = host.watch(id, onCommit)
  begin()
  pump()

  /** Says where the viewer stands, and what before it is not kept any more: at its beginning, and when it was too slow. */
  function begin(): void {
    const kept = Math.max(cursor, (host.first(id) ?? 0) - 1)
    sink.write(snapshotFrame(shown, id, { cursor, kept }))
    cursor = kept
  }

  /** Writes stored segments until the end of the log or until the sink is full. */
  function pump(): void {
    pumping = false
    while (line.open && !sink.isFull()) {
      const seq = host.read(id).head.seq
      if (cursor >= seq) return finishPump(seq)
      if ((host.first(id) ?? 0) > cursor + 1) begin()
      for (const segment of host.log(id, cursor, limits.pageBytesMax)) {
        sink.write(eventsFrameAfter(segment, cursor), segment.last)
        cursor = segment.last
      }
    }
    if (line.open) later()
  }

  function later(): void {
    pumping = true
    sink.onDrain(pump)
  }

  function finishPump(seq: number): void {
    if (!caughtUp) sink.write({ text: `{"type":"caught-up","seq":${seq}}` })
    caughtUp = true
    show(host.read(id))
  }

  function onCommit({ state, segment, wiped }: ViewedCommit): void {
    if (wiped || state.lifecycle.type === 'deleted')
      return end('session-deleted', 'This session was deleted.')
    if (pumping) return
    if (sink.isFull()) return later()
    if (segment !== undefined) {
      if (segment.first !== cursor + 1) return pump()
      sink.write(eventsFrame(segment), segment.last)
      cursor = segment.last
    }
    show(state)
  }

  function show(state: SessionState): void {
    if (!looksSame(state, shown)) say(state)
  }

  function say(state: SessionState): void {
    shown = state
    sink.write(stateFrame(state, id))
  }

  function beat(): void {
    if (!line.open || pumping) return
    return sink.isFull() ? later() : say(shown)
  }

  function end(code: 'session-deleted' | 'going-away', message: string): void {
    if (!line.open) return
    closed()
    endSink(sink, code, message)
  }

  function closed(): void {
    line.open = false
    stopWatching()
  }

  return { beat, end, closed }
}

function endSink(sink: Sink, code: 'session-deleted' | 'going-away', message: string): void {
  const going = code === 'going-away'
  sink.write(endFrame(code, message, going))
  sink.close(going ? closeCodes.goingAway : closeCodes.done, code)
}
