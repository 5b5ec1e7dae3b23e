/** The server that is measured, in a process of its own. Its runners are played by the benchmark. */
import { pino } from 'pino'
import { serve } from '../apps/belay/src/server/serve.ts'

const [dataFolder, port] = process.argv.slice(2)
const server = await serve({
  dataFolder: dataFolder ?? '',
  port: Number(port ?? 0),
  host: '127.0.0.1',
  log: pino({ level: 'error' }, pino.destination(2)),
  runners: 'elsewhere',
  deadlines: { dialMs: 600_000 },
})
process.send?.({ url: server.url })
process.on('message', (message) => {
  if (message !== 'memory') return
  globalThis.gc?.()
  process.send?.({ memory: process.memoryUsage() })
})
