/**
 * The whole channel in one property: two ends, a link that loses, repeats and overtakes, and every message arrives
 * exactly once, in order, both ways.
 *
 * The ends here are what the session and the runner are made of: numbers, acks, lines, and a hello at each dial.
 * A dial does not wait for the death of the sockets before it, as nobody can know of it: what an old socket still
 * holds arrives late, which is how a network puts messages in another order.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrive } from './incoming.ts'
import { decodeFrame, encodeAck, encodeHello, encodeMessage, encodeWelcome } from './lines.ts'
import { acknowledge, emptyOutgoing, type Outgoing, post, unackedAfter } from './outgoing.ts'

type Side = 'dialler' | 'answerer'

interface End {
  outgoing: Outgoing<string>
  readonly taken: string[]
  /** The newest socket that was greeted; its older ones are only listened to. */
  socket: Socket | undefined
}

interface Socket {
  open: boolean
  /** Frames under way, by who they go to. */
  readonly toward: Readonly<Record<Side, string[]>>
  /** Sides whose hello or welcome has come. */
  readonly greeted: Set<Side>
}

interface Faults {
  lost: number
  repeated: number
  gaps: number
  duplicates: number
}

class Link {
  readonly ends: Record<Side, End> = {
    dialler: { outgoing: emptyOutgoing, taken: [], socket: undefined },
    answerer: { outgoing: emptyOutgoing, taken: [], socket: undefined },
  }
  readonly sockets: Socket[] = []
  readonly faults: Faults
  constructor(faults: Faults) {
    this.faults = faults
  }

  dial(): void {
    const socket: Socket = {
      open: true,
      toward: { dialler: [], answerer: [] },
      greeted: new Set(),
    }
    this.sockets.push(socket)
    this.ends.dialler.socket = socket
    socket.toward.answerer.push(encodeHello(String(this.ends.dialler.taken.length)))
  }

  post(from: Side, text: string): void {
    const end = this.ends[from]
    end.outgoing = post(end.outgoing, text)
    const socket = end.socket
    if (socket?.open !== true || !socket.greeted.has(from)) return
    socket.toward[other(from)].push(encodeMessage(end.outgoing.sent, text))
  }

  /** Loses everything under way. */
  cut(socket: Socket): void {
    socket.open = false
    for (const frames of Object.values(socket.toward)) this.faults.lost += frames.splice(0).length
  }

  /** Loses one frame, which no TCP does and a broken proxy may. */
  lose(socket: Socket, to: Side): void {
    if (socket.toward[to].shift() !== undefined) this.faults.lost++
  }

  repeat(socket: Socket, to: Side): void {
    const frame = socket.toward[to].at(-1)
    if (frame === undefined || !frame.startsWith('M')) return
    this.faults.repeated++
    socket.toward[to].push(frame)
  }

  deliver(socket: Socket, to: Side): void {
    const frame = socket.toward[to].shift()
    if (frame === undefined) return
    const lines = decodeFrame(frame)
    if (typeof lines === 'string') throw new Error(lines)
    for (const line of lines) {
      switch (line.type) {
        case 'hello':
        case 'welcome':
          this.greet(socket, to, Number(line.json))
          break
        case 'ack':
          this.ends[to].outgoing = acknowledge(this.ends[to].outgoing, line.n)
          break
        case 'message':
          this.take(socket, to, line)
          break
        case 'hint':
        case 'ping':
        case 'pong':
      }
    }
  }

  private greet(socket: Socket, at: Side, received: number): void {
    const end = this.ends[at]
    socket.greeted.add(at)
    end.outgoing = acknowledge(end.outgoing, received)
    const back = socket.toward[other(at)]
    if (at === 'answerer') {
      end.socket = socket
      back.push(encodeWelcome(String(end.taken.length)))
    }
    const again = unackedAfter(end.outgoing, received)
    for (const { n, message } of again) back.push(encodeMessage(n, message))
  }

  private take(
    socket: Socket,
    at: Side,
    line: { readonly n: number; readonly json: string },
  ): void {
    const end = this.ends[at]
    switch (arrive(end.taken.length, line.n)) {
      case 'gap':
        this.faults.gaps++
        this.cut(socket)
        return
      case 'duplicate':
        this.faults.duplicates++
        break
      case 'next':
        end.taken.push(line.json)
    }
    if (socket.open) socket.toward[other(at)].push(encodeAck(end.taken.length))
  }
}

function other(side: Side): Side {
  return side === 'dialler' ? 'answerer' : 'dialler'
}

const side = fc.constantFrom<Side>('dialler', 'answerer')
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('post' as const), side }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), side, which: fc.nat() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), side, which: fc.nat() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lose' as const), side, which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dial' as const) }) },
)

test('[C-11] over a link that loses, repeats and overtakes, every message arrives once and in order', () => {
  const faults: Faults = { lost: 0, repeated: 0, gaps: 0, duplicates: 0 }
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200, size: 'max' }), (steps) => {
      const link = new Link(faults)
      const sent: Record<Side, string[]> = { dialler: [], answerer: [] }
      link.dial()
      for (const next of steps) {
        const socket = link.sockets.at('which' in next ? next.which % link.sockets.length : 0)
        if (socket === undefined) throw new Error('there is always a socket')
        if (next.do === 'post') {
          const text = JSON.stringify(`${next.side} ${sent[next.side].length + 1}`)
          sent[next.side].push(text)
          link.post(next.side, text)
        } else if (next.do === 'dial') link.dial()
        else if (next.do === 'cut') link.cut(socket)
        else link[next.do](socket, next.side)
        for (const each of ['dialler', 'answerer'] as const) {
          const { taken } = link.ends[other(each)]
          expect(taken).toEqual(sent[each].slice(0, taken.length))
        }
      }
      settle(link)
      expect(link.ends.answerer.taken).toEqual(sent.dialler)
      expect(link.ends.dialler.taken).toEqual(sent.answerer)
      expect(link.ends.dialler.outgoing.unacked).toEqual([])
      expect(link.ends.answerer.outgoing.unacked).toEqual([])
    }),
    { numRuns: 200 },
  )
  // The link was as bad as it should be.
  for (const count of Object.values(faults)) expect(count).toBeGreaterThan(20)
})

/** The network is good again: old sockets are gone, a new one carries all that is left. */
function settle(link: Link): void {
  for (const socket of link.sockets) link.cut(socket)
  link.dial()
  const socket = link.sockets.at(-1)
  if (socket === undefined) return
  while (Object.values(socket.toward).some((frames) => frames.length > 0)) {
    link.deliver(socket, 'answerer')
    link.deliver(socket, 'dialler')
  }
}
