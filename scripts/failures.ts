/**
 * `npm run failures`: stages each failure of the list against a real Belay, reads what every surface says of it, and writes
 * that into the table of `docs/failures.md`. Arguments are ids of failures: then only those are staged, and the rows of the
 * others stay. It fails when a surface says something else than the others, does not say what can be done, or is late.
 */
import { join } from 'node:path'
import { launchChromium } from '@belay/testing/node'
import { buildPage } from '../apps/web/src/testing/build-page.ts'
import { boundMs, type Failure, surfaces } from '../apps/web/src/testing/failures/failure.ts'
import { failures } from '../apps/web/src/testing/failures/failures.ts'
import { stage, type Staged } from '../apps/web/src/testing/failures/stage.ts'
import { putTable, rowsOf } from './page-table.ts'

const page = join(import.meta.dirname, '../docs/failures.md')
const marks = ['<!-- staged: npm run failures -->', '<!-- end of what was staged -->'] as const
const head = [
  'failure',
  'of',
  'what happens',
  'what is said',
  'what you can do',
  'within',
  ...surfaces,
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((id) => failures.every((one) => one.id !== id))
if (unknown.length > 0) throw new Error(`no failure is called ${unknown.join(', ')}`)
const isRoot = process.getuid?.() === 0
await buildPage(join(import.meta.dirname, '../apps/web/dist'))
const browser = await launchChromium()
const rows = new Map(rowsOf(page, marks))
let failed = 0
for (const failure of failures) {
  if (wanted.length > 0 && !wanted.includes(failure.id)) continue
  if (failure.diskMiB !== undefined && !isRoot) {
    console.log(`NOT STAGED ${failure.id}: a disk of its own is mounted, which only root may`)
    continue
  }
  if (!(await attempt(failure))) failed += 1
  write()
}
await browser.close()
console.log(`${failed} failures are not told as they should be`)
process.exit(failed === 0 ? 0 : 1)

async function attempt(failure: Failure): Promise<boolean> {
  try {
    const staged = await stage(failure, browser)
    const problems = [...staged.others, ...staged.late]
    console.log(`${problems.length === 0 ? 'fine' : 'FAILED'} ${failure.id}: ${failure.what}`)
    for (const { surface, ms, text } of staged.showings)
      console.log(`  ${surface} ${ms ?? 'never'}: ${text.replaceAll(/\s+/g, ' ').slice(0, 400)}`)
    for (const problem of problems) console.log(`  ! ${problem.replaceAll(/\s+/g, ' ')}`)
    rows.set(failure.id, row(failure, staged))
    return problems.length === 0
  } catch (error) {
    console.log(`FAILED ${failure.id}`, error)
    return false
  }
}

function row(failure: Failure, { showings }: Staged): readonly string[] {
  const times = surfaces.map((surface) => {
    const showing = showings.find((one) => one.surface === surface)
    if (showing === undefined) return '–'
    return showing.ms === undefined ? 'never' : String(showing.ms)
  })
  const { id, of, what, says, told, act } = failure
  return [id, of, what, told ?? says, act.words, String(boundMs(failure)), ...times]
}

function write(): void {
  const known = failures.flatMap(({ id }) => {
    const cells = rows.get(id)
    return cells === undefined ? [] : [cells]
  })
  putTable(page, marks, [head, ...known])
}
