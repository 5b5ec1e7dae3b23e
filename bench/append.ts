/** Durable append → ack: a runner's report until the server says it is stored. */
import {
  type PlayedRunner,
  rawSync,
  runningSession,
  startServer,
  summarize,
  textReport,
  type Measured,
} from './world.ts'

const seconds = 4

export async function append(folder: string): Promise<void> {
  const server = await startServer(folder)
  const before = rawSync(folder, textReport.length, 400)
  const runners: PlayedRunner[] = []
  const rows: [string, Measured][] = [['raw write+fdatasync', before]]
  for (const count of [1, 16, 64, 100]) {
    while (runners.length < count) runners.push(await runningSession(server))
    const active = runners.slice(0, count)
    rows.push([`${count} sessions, one report at a time`, await closedLoop(active, 1)])
    if (count === 100) {
      rows.push(['100 sessions, saturated (64 reports a frame)', await closedLoop(active, 64)])
      rows.push(['100 sessions at 2,000/s', await openLoop(active, 2000)])
    }
  }
  const after = rawSync(folder, textReport.length, 400)
  rows.push(['raw write+fdatasync, again', after])
  const fsync = (before.p50 + after.p50) / 2
  for (const [name, { perSecond, p50, p99 }] of rows) {
    const ratio = `${(p50 / fsync).toFixed(1)} × fsync`
    console.log(
      `${name.padEnd(46)} ${Math.round(perSecond).toLocaleString('en').padStart(8)}/s  p50 ${p50.toFixed(2).padStart(7)} ms  p99 ${p99.toFixed(2).padStart(7)} ms  ${ratio}`,
    )
  }
  for (const runner of runners) runner.close()
  await server.kill()
}

/** Each runner sends its next frame when the last was acknowledged. */
async function closedLoop(runners: readonly PlayedRunner[], frame: number): Promise<Measured> {
  const reports = Array.from({ length: frame }, () => textReport)
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    runners.map(async (runner) => {
      while (performance.now() < end) {
        const before = performance.now()
        await runner.send(reports)
        const took = performance.now() - before
        for (let index = 0; index < frame; index++) latencies.push(took)
      }
    }),
  )
  return summarize(latencies, (performance.now() - start) / 1000)
}

/** Reports come at their own rate, whether or not earlier ones were acknowledged. */
async function openLoop(runners: readonly PlayedRunner[], perSecond: number): Promise<Measured> {
  const latencies: number[] = []
  const pending: Promise<unknown>[] = []
  const start = performance.now()
  let sent = 0
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond)
    for (; sent < due; sent++) {
      const before = performance.now()
      const runner = runners[sent % runners.length]
      pending.push(
        runner?.send([textReport]).then(() => latencies.push(performance.now() - before)) ??
          Promise.resolve(),
      )
    }
    await new Promise((done) => setTimeout(done, 1))
  }
  await Promise.all(pending)
  return summarize(latencies, (performance.now() - start) / 1000)
}
