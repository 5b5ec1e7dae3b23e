/**
 * Runners let in to a simulated server: the session's own `ChannelEnds` over simulated sockets, on a process that may
 * die between a commit and its ack.
 */
import { livenessPolicy } from '@belay/channel'
import { ChannelEnds } from '@belay/session'
import type { Ear, Line, Socket } from './network.ts'
import type { Planted } from './planted.ts'
import type { Process } from './process.ts'
import type { SimHost } from './sim-host.ts'

export interface ServerLinks {
  readonly ends: ChannelEnds
  attach(who: Extract<Line, { kind: 'runner' }>, socket: Socket): Ear
}

export function serverLinks(
  host: SimHost,
  process: Process,
  planted: Planted | undefined,
): ServerLinks {
  const { stage } = process
  const ends = new ChannelEnds({
    submit: (session, input) => host.submit(session, input),
    clock: () => stage.now,
    note: ({ session, generation }, note) => {
      if (note.type !== 'broken' || !process.alive) return
      const who = `runner ${session}/${generation}`
      stage.violate('channel', `the server found the channel of ${who} broken: ${note.reason}`)
    },
  })
  process.every(livenessPolicy.tickMs, () => ends.judgeSilence())
  return {
    ends,
    attach({ session, generation }, socket) {
      const ear = ends.attach(
        { session, generation },
        {
          send: (text) => {
            if (!text.startsWith('A') || process.point()) socket.send(text)
          },
          close: (code) => socket.close(code),
          terminate: () => socket.terminate(),
        },
      )
      const closed = () => {
        ear.closed()
        if (planted !== 'clear-without-compare') return
        host.submit(session, { type: 'runner-link-lost', generation }).catch(() => {})
      }
      return { frame: (text) => ear.frame(text), closed }
    },
  }
}
