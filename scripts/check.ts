/**
 * Every check there is, from the quick to the slow, each run even when one before it failed: one run tells all.
 * Arguments go to vitest. The last line counts tests and checks together: `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { offerChromium } from './chromium.ts'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }

/** Scripts of package.json, by what they look at. */
const checks = { types: 'types', lint: 'lint', format: 'format', boundaries: 'deps', dead: 'dead' }

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

function main(): void {
  offerChromium(env)
  const counts = Object.entries(checks).map(([name, script]) => checkCount(name, script))
  counts.push(testCount(process.argv.slice(2)))
  const sum = (part: keyof Count) => counts.reduce((total, count) => total + count[part], 0)
  if (sum('failed') > 0) process.exitCode = 1
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped}`)
}

function checkCount(name: string, script: string): Count {
  const from = performance.now()
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const took = ((performance.now() - from) / 1000).toFixed(1)
  if (status === 0) {
    console.log(`${name}: fine (${took} s)`)
    return { passed: 1, failed: 0, skipped: 0 }
  }
  console.log(`${stdout}${stderr}\n${name}: FAILED (${took} s), npm run ${script}\n`)
  return { passed: 0, failed: 1, skipped: 0 }
}

function testCount(args: readonly string[]): Count {
  const folder = join(root, 'node_modules/.cache/belay')
  const report = join(folder, 'vitest.json')
  mkdirSync(folder, { recursive: true })
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(join(bin, 'vitest'), ['run', ...reporters, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  const count = readReport(report)
  if (count === undefined || count.passed + count.failed === 0) {
    console.log('No test ran.')
    return { passed: 0, failed: 1, skipped: count?.skipped ?? 0 }
  }
  // An error outside any test, in a hook of the whole run say, fails no test but the run.
  const failed = status === 0 ? count.failed : Math.max(1, count.failed)
  return { ...count, failed }
}

function readReport(path: string): Count | undefined {
  let report: {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
    testResults: readonly { status: string; assertionResults: readonly unknown[] }[]
  }
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  // A file that could not even be read holds no test that could fail.
  const unread = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unread.length,
    skipped: report.numPendingTests,
  }
}

main()
