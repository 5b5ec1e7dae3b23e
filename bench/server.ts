/** The server that is measured, in a process of its own. Its runners are played by the benchmark. */
import { enableCompileCache, flushCompileCache } from 'node:module'
import { resolve } from 'node:path'

// As `apps/belay/src/main.ts` does.
enableCompileCache(resolve(import.meta.dirname, '../node_modules/.cache/belay/compile'))
const { pino } = await import('pino')
const { serve } = await import('../apps/belay/src/server/serve.ts')

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
flushCompileCache()
process.on('message', (message) => {
  if (message !== 'memory') return
  globalThis.gc?.()
  process.send?.({ memory: process.memoryUsage() })
})
