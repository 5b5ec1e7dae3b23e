/** `npm test`: makes the checkout ready when it is not, then runs every check. */
import { join } from 'node:path'
import { handOver } from './hand-over.mjs'
import { ensureInstalled, ensurePage, requireNode, root, runMain } from './setup.mjs'

await runMain(async () => {
  await ensureInstalled('test')
  await ensurePage()
  await handOver(requireNode(), [join(root, 'scripts/check.ts'), ...process.argv.slice(2)], {
    cwd: root,
  })
})
