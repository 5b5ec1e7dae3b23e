/** One runner's events to 1, 100 and 1,000 viewers: until every viewer has every event. A raw socket pump is the limit. */
import { connect, createServer, type Socket } from 'node:net'
import { listenOnLoopback } from '../packages/testing/src/node/loopback.ts'
import { openViewer, type PlayedViewer, runningSession, startServer, textReport } from './world.ts'

export async function fanOut(folder: string): Promise<void> {
  const server = await startServer(folder)
  for (const [count, events] of [
    [1, 60_000],
    [100, 20_000],
    [1000, 2000],
  ] as const) {
    const runner = await runningSession(server)
    const first = 8 // Events before the first text.
    const viewers: PlayedViewer[] = []
    while (viewers.length < count) {
      viewers.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, count - viewers.length) }, () =>
            openViewer(server, runner.session),
          ),
        )),
      )
    }
    const frame = Array.from({ length: 50 }, () => textReport)
    const start = performance.now()
    const all = Promise.all(viewers.map((viewer) => viewer.until(events)))
    const windows: Promise<void>[] = []
    for (let sent = 0; sent < events + first; sent += frame.length) {
      windows.push(runner.send(frame))
      if (windows.length >= 8) await windows.shift()
    }
    await all
    const seconds = (performance.now() - start) / 1000
    const bytes = viewers[0]?.bytes() ?? 0
    const raw = await rawPump(count, bytes)
    const rate = events / seconds
    console.log(
      `${String(count).padStart(5)} viewers ${Math.round(rate).toLocaleString('en').padStart(8)} events/s to each  ${((bytes * count) / seconds / 1e6).toFixed(0).padStart(5)} MB/s  raw TCP of the same bytes ${(raw / 1e6).toFixed(0).padStart(5)} MB/s  ratio ${((bytes * count) / seconds / raw).toFixed(2)}`,
    )
    for (const viewer of viewers) viewer.close()
    runner.close()
  }
  await server.kill()
}

/** The same bytes to as many plain sockets, in 16 KiB writes. @returns bytes per second over all of them */
async function rawPump(count: number, bytesEach: number): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  const port = await listenOnLoopback(server)
  const readers = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1')
      await new Promise((done) => socket.once('connect', done))
      return socket
    }),
  )
  while (sockets.length < count) await new Promise((done) => setTimeout(done, 5))
  const block = Buffer.alloc(16 * 1024, 120)
  const start = performance.now()
  const all = readers.map((reader) => {
    let got = 0
    return new Promise<void>((done) =>
      reader.on('data', (data) => ((got += data.length) >= bytesEach ? done() : undefined)),
    )
  })
  for (let written = 0; written < bytesEach; written += block.length) {
    for (const socket of sockets) socket.write(block)
    if (sockets.some((socket) => socket.writableNeedDrain))
      await new Promise((done) => setImmediate(done))
  }
  await Promise.all(all)
  const seconds = (performance.now() - start) / 1000
  for (const reader of readers) reader.destroy()
  server.close()
  return (bytesEach * count) / seconds
}
