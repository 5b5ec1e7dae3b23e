/** kill -9 of the server until a viewer that follows by itself has caught up again, the start of the new process included. */
import { follow } from '../packages/client/src/webapi/index.ts'
import { percentile, runningSession, startServer, textReport } from './world.ts'

export async function kill(folder: string): Promise<void> {
  let server = await startServer(folder)
  const port = Number(new URL(server.url).port)
  const runner = await runningSession(server)
  for (let n = 0; n < 20; n++) await runner.send(Array.from({ length: 50 }, () => textReport))
  let caughtUp = Promise.withResolvers<void>()
  const following = follow(server.client, runner.session, {
    after: 0,
    onFrame: (frame) => (frame.type === 'caught-up' ? caughtUp.resolve() : undefined),
    onLink: () => undefined,
  })
  await caughtUp.promise
  const totals: number[] = []
  const starts: number[] = []
  for (let round = 0; round < 20; round++) {
    caughtUp = Promise.withResolvers()
    const start = performance.now()
    await server.kill()
    server = await startServer(folder, port)
    starts.push(performance.now() - start)
    await caughtUp.promise
    totals.push(performance.now() - start)
    // Somebody whose server is killed every second is not who is measured: lines have to be steady between two kills.
    await new Promise((done) => setTimeout(done, 2500))
  }
  following.close()
  runner.close()
  console.log(
    `server killed → new one listening p50 ${percentile(starts, 0.5).toFixed(0)} ms → viewer caught up p50 ${percentile(totals, 0.5).toFixed(0)} ms  p99 ${percentile(totals, 0.99).toFixed(0)} ms (20 kills)`,
  )
  await server.kill()
}
