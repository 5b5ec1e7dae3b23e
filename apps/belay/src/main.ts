/** The one executable: the command line, and behind hidden words the runner and the demo agent. */
import { runCli } from './cli/program.ts'
import { processWorld } from './cli/world.ts'

// Whoever reads our output may stop reading (`belay log … | head`): that is the end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const code = await runCli(process.argv.slice(2), processWorld())
// Written output is flushed before the end, whatever still keeps the process alive.
process.stdout.write('', () => process.exit(code))
