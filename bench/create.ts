/** Creating a session until it is answered: settings, first prompt and preparation on disk. */
import { rawSync, startServer, summarize } from './world.ts'

export async function create(folder: string): Promise<void> {
  const server = await startServer(folder)
  const latencies: number[] = []
  const start = performance.now()
  for (let n = 0; n < 500; n++) {
    const before = performance.now()
    await server.client.call('createSession', {
      agent: { command: 'bench' },
      workspace: { type: 'folder', path: '/' },
      prompt: { promptId: 'p1', text: 'Do something useful, please.' },
    })
    latencies.push(performance.now() - before)
  }
  const { p50, p99 } = summarize(latencies, (performance.now() - start) / 1000)
  const raw = rawSync(folder, 1000, 300)
  console.log(
    `create session, answered   p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  (raw write+fdatasync p50 ${raw.p50.toFixed(2)} p99 ${raw.p99.toFixed(2)} ms)`,
  )
  await server.kill()
}
