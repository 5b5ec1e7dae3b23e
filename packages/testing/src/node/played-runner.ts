/** A runner played by hand over its real socket: what a test wants a server to hear, and what it heard. */
import { decodeFrame, type Line } from '@belay/channel'
import { type Command, commandSchema, type Report } from '@belay/protocol'
import { WebSocket } from 'ws'
import { waitFor } from './wait-for.ts'

export interface PlayedRunner {
  /** Commands in the order they came, by their numbers. */
  readonly commands: Map<number, Command>
  /** The last ack, and the welcome's word for what the server has. */
  acked(): number
  /** How the server ended it. */
  closed(): { readonly code: number; readonly reason: string } | undefined
  /** Sends a frame as it stands. */
  raw(frame: string): void
  /** Sends reports numbered on; resolves when the last is acknowledged. */
  report(...reports: readonly Report[]): Promise<void>
  end(): void
}

export interface Played {
  readonly url: string
  readonly token: string
  readonly session: string
  readonly generation?: number
  /** Commands it says it has. */
  readonly received?: number
}

/** Dials in and says hello; resolves when it was welcomed, refused or closed. */
export async function playRunner(options: Played): Promise<PlayedRunner> {
  const { url, token, session, generation = 1, received = 0 } = options
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/runner`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const commands = new Map<number, Command>()
  let acked = -1
  let sent = 0
  let closed: ReturnType<PlayedRunner['closed']>
  const hear = (line: Line) => {
    if (line.type === 'ack') acked = line.n
    if (line.type === 'welcome') {
      const welcome: { received: number } = JSON.parse(line.json)
      acked = welcome.received
      sent = acked
    }
    if (line.type === 'message') commands.set(line.n, commandSchema.parse(JSON.parse(line.json)))
  }
  socket.on('message', (data: Buffer) => {
    const lines = decodeFrame(data.toString())
    if (typeof lines === 'string') throw new Error(lines)
    lines.forEach(hear)
  })
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() }
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => socket.terminate())
  socket.send(`H ${JSON.stringify({ version: 1, session, generation, received })}`)
  await waitFor(() => acked >= 0 || closed !== undefined, 'the server answers the hello', 10_000)
  return {
    commands,
    acked: () => acked,
    closed: () => closed,
    raw: (frame) => socket.send(frame),
    async report(...reports) {
      socket.send(reports.map((report) => `M ${(sent += 1)} ${JSON.stringify(report)}`).join('\n'))
      const last = sent
      await waitFor(() => acked >= last || closed !== undefined, `report ${last} is stored`, 10_000)
    },
    end: () => socket.terminate(),
  }
}
