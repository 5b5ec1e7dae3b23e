/**
 * A viewer of a simulated server: the session's own `openViewer` over a simulated socket that is often full. It checks
 * what only the server's side can see: that no news waits for a heartbeat.
 */
import { openViewer, type Sink, type Viewer } from '@belay/session'
import { z } from 'zod'
import type { Socket } from './network.ts'
import type { SimHost } from './sim-host.ts'

/** Frames under way above which no more is written; small, so that viewers are often slow. */
const waitingMax = 6
const drainPollMs = 20
/** A page of the log; small, so that reading it takes several. */
const pageBytesMax = 4000

export interface ViewerOptions {
  readonly host: SimHost
  readonly session: string
  readonly after: number
  readonly socket: Socket
}

const shown = z.object({ session: z.unknown() })

export function openServerViewer({ host, session, after, socket }: ViewerOptions): Viewer {
  const { process } = socket
  let told = ''
  let beating = false
  const note = (text: string) => {
    const frame = shown.safeParse(JSON.parse(text))
    if (!frame.success) return
    const view = JSON.stringify(frame.data.session)
    if (beating && view !== told) {
      const sentence = `a heartbeat told a viewer of ${session} what no signal had told`
      process.stage.violate('seen', sentence)
    }
    told = view
  }
  const isFull = () => socket.waiting > waitingMax
  const sink: Sink = {
    write({ text }) {
      note(text)
      socket.send(text)
    },
    isFull,
    onDrain(callback) {
      const look = () => (isFull() ? void process.after(drainPollMs, look) : callback())
      process.after(drainPollMs, look)
    },
    close: (code) => socket.close(code),
  }
  const log = {
    read: (id: string) => host.read(id),
    first: (id: string) => host.first(id),
    log: (id: string, from: number) => host.log(id, from, pageBytesMax),
    watch: (id: string, watcher: Parameters<SimHost['watch']>[1]) => host.watch(id, watcher),
  }
  const viewer = openViewer(log, session, after, sink)
  return {
    ...viewer,
    beat() {
      beating = true
      viewer.beat()
      beating = false
    },
  }
}
