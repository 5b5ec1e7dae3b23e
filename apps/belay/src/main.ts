/** The one executable: the command line, and behind hidden words the runner and the demo agent. */
import { enableCompileCache } from 'node:module'
import { resolve } from 'node:path'

// A server that was killed should be back in a blink, and a runner is a process per session: what was compiled once is
// kept. Beside our own code and not in the shared temporary folder, where others could put something in its place.
enableCompileCache(resolve(import.meta.dirname, '../../../node_modules/.cache/belay/compile'))
const { runCli } = await import('./cli/program.ts')
const { processWorld } = await import('./cli/world.ts')

// Whoever reads our output may stop reading (`belay log … | head`): that is the end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const code = await runCli(process.argv.slice(2), processWorld())
// Written output is flushed before the end, whatever still keeps the process alive.
process.stdout.write('', () => process.exit(code))
