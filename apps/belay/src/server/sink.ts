/** Where a viewer's frames go. Owns: what "full" means for each kind of socket. */
import type { ServerResponse } from 'node:http'
import type { WebSocket } from 'ws'
import type { Sink } from './viewer.ts'

/** Bytes waiting in a socket above which no more is written to it; a page and some live events fit. */
const waitingBytesMax = 2 * 1024 * 1024

export function webSocketSink(socket: WebSocket): Sink {
  let drained: (() => void) | undefined
  function onSent(): void {
    if (drained === undefined || socket.bufferedAmount > waitingBytesMax / 2) return
    const callback = drained
    drained = undefined
    callback()
  }
  return {
    // `binary: false` because an encoded frame is a Buffer, and text all the same.
    write: (frame) => socket.send(frame, { binary: false }, onSent),
    isFull: () => socket.bufferedAmount > waitingBytesMax,
    onDrain(callback) {
      drained = callback
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

/** Frames as server-sent events: the event's id is the cursor, so `Last-Event-ID` resumes. */
export function eventStreamSink(response: ServerResponse): Sink {
  return {
    write(frame, seq) {
      if (seq !== undefined) response.write(`id: ${seq}\n`)
      response.write('data: ')
      response.write(frame)
      response.write('\n\n')
    },
    isFull: () => response.writableLength > waitingBytesMax,
    onDrain: (callback) => void response.once('drain', callback),
    close: () => void response.end(),
  }
}
