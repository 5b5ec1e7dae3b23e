/**
 * `npm run failures`: stages each failure of the list against a real Belay, reads what every surface says of it, and writes
 * that into the table of `docs/failures.md`. Arguments are ids of failures: then only those are staged, and nothing is written.
 */
import { launchChromium } from '@belay/testing/node'
import { stage } from '../apps/web/src/testing/failures/stage.ts'
import { failures } from '../apps/web/src/testing/failures/failures.ts'

const wanted = process.argv.slice(2)
const browser = await launchChromium()
let failed = 0
for (const failure of failures) {
  if (wanted.length > 0 && !wanted.includes(failure.id)) continue
  const { showings, problems } = await stage(failure, browser)
  if (problems.length > 0) failed += 1
  console.log(`\n${problems.length === 0 ? 'fine' : 'FAILED'} ${failure.id}: ${failure.what}`)
  for (const { surface, ms, text, actions } of showings) console.log(`  ${surface} ${ms}: ${text.replaceAll('\n', ' ⏎ ').slice(0, 1500)} [${actions.join(', ')}]`)
  for (const problem of problems) console.log(`  ! ${problem}`)
}
await browser.close()
process.exit(failed === 0 ? 0 : 1)
