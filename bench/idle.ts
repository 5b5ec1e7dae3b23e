/** Memory of 10,000 sessions nobody works in, without and with one open viewer each. */
import { WebSocket } from 'ws'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Memory, startServer } from './world.ts'

const count = 10_000

export async function idle(folder: string): Promise<void> {
  let server = await startServer(folder)
  const empty = await server.memory()
  const ids: string[] = []
  const start = performance.now()
  while (ids.length < count) {
    const batch = await Promise.all(
      Array.from({ length: 50 }, () =>
        server.client.call('createSession', {
          agent: { command: 'bench' },
          workspace: { type: 'folder', path: '/' },
        }),
      ),
    )
    ids.push(...batch.map(({ session }) => session.id))
  }
  const created = (performance.now() - start) / 1000
  const busy = await server.memory()
  // What creating them left behind is not what having them costs.
  await server.kill()
  server = await startServer(folder)
  const asleep = await server.memory()
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  const sockets: WebSocket[] = []
  for (const id of ids) {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/sessions/${id}/stream`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    })
    await new Promise((done, fail) => socket.once('open', done).once('error', fail))
    sockets.push(socket)
  }
  await new Promise((done) => setTimeout(done, 1000))
  const watched = await server.memory()
  const more = (memory: Memory) => `${((memory.rss - empty.rss) / 1e6).toFixed(0)} MB more`
  console.log(`empty server                    ${mb(empty)}`)
  console.log(
    `after creating 10,000 sessions  ${mb(busy)} (${more(busy)}), at ${Math.round(count / created)}/s`,
  )
  console.log(
    `10,000 idle sessions            ${mb(asleep)} (${more(asleep)}), created at ${Math.round(count / created)}/s`,
  )
  console.log(`… each with one open viewer     ${mb(watched)} (${more(watched)})`)
  for (const socket of sockets) socket.terminate()
  await server.kill()
}

function mb(memory: Memory): string {
  const used = (memory.heapUsed + memory.external) / 1e6
  return `${(memory.rss / 1e6).toFixed(0)} MB resident, ${used.toFixed(0)} MB used`
}
