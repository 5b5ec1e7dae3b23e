/** `npm start`: makes the checkout ready when it is not, then runs the server in the foreground. */
import { join } from 'node:path'
import { handOver } from './hand-over.mjs'
import { ensureInstalled, ensurePage, requireNode, root, runMain } from './setup.mjs'

await runMain(async () => {
  await ensureInstalled('run')
  await ensurePage()
  await handOver(requireNode(), [
    join(root, 'apps/belay/src/main.ts'),
    'up',
    ...process.argv.slice(2),
  ])
})
