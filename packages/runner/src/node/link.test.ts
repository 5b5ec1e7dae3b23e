/** The runner's end of the channel, against a server that says what a real one says seldom. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeWelcome, pong } from '@belay/channel'
import { closeCodes } from '@belay/protocol'
import { temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { startLink } from './link.ts'
import { createSpool } from './spool.ts'

const welcome = encodeWelcome(JSON.stringify({ version: 1, received: 0 }))

interface Play {
  readonly sockets: readonly WebSocket[]
  readonly dismissals: readonly string[]
  readonly lines: readonly string[]
  end(): void
}

/** A link, and a server that answers each hello with these frames. */
async function play(...answers: readonly string[]): Promise<Play> {
  const dataFolder = temporaryFolder('data')
  const runnerFolder = join(dataFolder, 'runner')
  mkdirSync(runnerFolder)
  const spool = createSpool(runnerFolder, 1)
  if (spool === undefined) throw new Error('there is a spool already')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const sockets: WebSocket[] = []
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.once('message', () => {
      for (const answer of answers) socket.send(answer)
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  writeFileSync(join(dataFolder, 'server.json'), JSON.stringify({ url }))
  const dismissals: string[] = []
  const lines: string[] = []
  const link = startLink({
    dataFolder,
    session: 's',
    generation: 1,
    token: 'token',
    spool,
    onCommand: () => {},
    onAcked: () => {},
    onDismissed: (why) => dismissals.push(why),
    log: (line) => lines.push(line),
  })
  const end = () => {
    link.close()
    for (const socket of sockets) socket.terminate()
    server.close()
  }
  return { sockets, dismissals, lines, end }
}

const linked = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith('linked')).length

test('[R-40] a runner whose connection was replaced by one of its own dials again', async () => {
  const { sockets, dismissals, lines, end } = await play(welcome)
  await waitFor(() => linked(lines) === 1, 'the runner is linked', 5000)
  sockets[0]?.close(closeCodes.replaced)
  await waitFor(() => linked(lines) === 2, 'the runner is linked again', 5000)
  expect(dismissals).toEqual([])
  sockets[1]?.close(closeCodes.fenced)
  await waitFor(() => dismissals.length === 1, 'the runner is dismissed', 5000)
  end()
})

test('[R-41] signs of life that come before the welcome break nothing', async () => {
  const { sockets, lines, end } = await play(pong, 'P', welcome)
  await waitFor(() => linked(lines) === 1, 'the runner is linked', 5000)
  expect(sockets.length).toBe(1)
  end()
})

test('[R-154] commits of the store beside it wake no runner; a new address does, at once', async () => {
  const dataFolder = temporaryFolder('data')
  const runnerFolder = join(dataFolder, 'runner')
  const address = join(dataFolder, 'address')
  for (const folder of [runnerFolder, address]) mkdirSync(folder)
  const spool = createSpool(runnerFolder, 1)
  if (spool === undefined) throw new Error('there is a spool already')
  const woken: string[] = []
  const link = startLink({
    dataFolder,
    session: 's',
    generation: 1,
    token: 'token',
    spool,
    onCommand: () => {},
    onAcked: () => {},
    onDismissed: () => {},
    onWoken: (name) => woken.push(name),
    log: () => {},
  })
  for (let commit = 0; commit < 50; commit += 1)
    writeFileSync(join(dataFolder, 'belay.db-wal'), String(commit))
  writeFileSync(join(address, 'server.json'), '{}')
  await waitFor(() => woken.length > 0, 'the new address is heard', 10_000)
  expect(new Set(woken)).toEqual(new Set(['server.json']))
  link.close()
})
