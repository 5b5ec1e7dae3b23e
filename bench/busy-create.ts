/** Creating a session while the ones before it prepare slowly: a Git server that never answers is behind each. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gitRepository, startGitServer, waitFor } from '../packages/testing/src/node/index.ts'
import { startReal } from './real.ts'
import { percentile, rawSync } from './world.ts'

const rounds = 250
/** Sessions that are preparing at any time. */
const preparing = 4

export async function busyCreate(folder: string): Promise<void> {
  const git = await startGitServer(gitRepository().path)
  git.mode = 'hang'
  const real = await startReal(folder)
  // Whoever creates has looked at the list before: the caller's own first request, 30 ms of loading `fetch`, is not measured.
  await real.client.call('listSessions', {})
  const ids: string[] = []
  const latencies: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = performance.now()
    const { session } = await real.client.call('createSession', {
      agent: { name: 'demo' },
      workspace: { type: 'repository', url: git.url },
      prompt: { promptId: 'p1', text: 'Do something useful, please.' },
    })
    latencies.push(performance.now() - before)
    ids.push(session.id)
    await waitFor(() => git.waiting() >= Math.min(ids.length, preparing), 'it clones', 30_000)
    if (ids.length <= preparing) continue
    await real.client.call('deleteSession', { id: ids.shift() ?? '' })
    // Its processes end; a person who deletes and creates does not do both in one moment.
    await sleep(100)
  }
  const raw = rawSync(folder, 1000, 300)
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  const [first = 0] = latencies
  console.log(
    `create, ${preparing} slow preparations behind it  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms (${rounds}; the first of the server ${first.toFixed(2)})  beside: write+fdatasync p50 ${raw.p50.toFixed(2)} p99 ${raw.p99.toFixed(2)} ms, p50 ratio ${(p50 / raw.p50).toFixed(1)}`,
  )
  await real.end()
  await git.stop()
}
