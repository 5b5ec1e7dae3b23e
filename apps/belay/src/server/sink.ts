/** Where a viewer's frames go. Owns: what "full" means for each kind of socket. */
import type { ServerResponse } from 'node:http'
import type { Frame, Sink } from '@belay/session'
import type { WebSocket } from 'ws'

/** Bytes waiting in a socket above which no more is written to it; a page and some live events fit. */
const waitingBytesMax = 2 * 1024 * 1024

const encoded = new WeakMap<Frame, Buffer>()

/** Encoded once, to however many viewers it goes. */
function bytesOf(frame: Frame): Buffer {
  let bytes = encoded.get(frame)
  if (bytes === undefined) {
    bytes = Buffer.from(frame.text)
    encoded.set(frame, bytes)
  }
  return bytes
}

export function webSocketSink(socket: WebSocket): Sink {
  let drained: (() => void) | undefined
  function onSent(): void {
    if (drained === undefined || socket.bufferedAmount > waitingBytesMax / 2) return
    const callback = drained
    drained = undefined
    callback()
  }
  return {
    // `binary: false` because a frame is text, although it comes as bytes.
    write: (frame) => socket.send(bytesOf(frame), { binary: false }, onSent),
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
      response.write(bytesOf(frame))
      response.write('\n\n')
    },
    isFull: () => response.writableLength > waitingBytesMax,
    onDrain: (callback) => void response.once('drain', callback),
    close: () => void response.end(),
  }
}
