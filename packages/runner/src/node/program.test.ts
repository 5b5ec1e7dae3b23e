import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alive, gitRepository, temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { git } from './git.ts'
import { type ProgramOptions, programsEnded, runProgram } from './program.ts'

const shell = (line: string, more: Partial<ProgramOptions> = {}) =>
  runProgram(line, [], {
    env: process.env,
    signal: new AbortController().signal,
    msMax: 60_000,
    shell: true,
    ...more,
  })

/** Sparse, so that it costs a disk nothing and git seconds. */
function hugeFile(path: string): void {
  writeFileSync(path, '')
  truncateSync(path, 6 * 1024 ** 3)
}
const locksOf = (folder: string) =>
  readdirSync(join(folder, '.git'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.lock'),
  )

test.each([['stopped'], ['late']] as const)(
  '[R-100] a git that is %s in the middle of an add leaves no lock in the repository',
  async (how) => {
    const { path, git: here } = gitRepository()
    hugeFile(join(path, 'huge'))
    const stop = new AbortController()
    const adding = git(['-C', path, 'add', '--all'], {
      env: process.env,
      signal: stop.signal,
      msMax: how === 'late' ? 1500 : 60_000,
    })
    await waitFor(() => locksOf(path).length > 0, 'git holds its lock', 10_000)
    if (how === 'stopped') stop.abort()
    expect((await adding).end).toEqual({ type: how })
    expect(locksOf(path)).toEqual([])
    writeFileSync(join(path, 'README.md'), 'mine')
    here('add', 'README.md')
  },
)

test('[R-100] what tidies up when it is asked to end has the time for it, also behind its first process', async () => {
  const cwd = temporaryFolder('program')
  const stop = new AbortController()
  const tidying =
    '(trap "sleep 0.4; touch tidy; exit" TERM; touch ready; while :; do sleep 0.05; done) >/dev/null 2>&1 & wait'
  const ending = shell(tidying, { cwd, signal: stop.signal })
  await waitFor(() => existsSync(join(cwd, 'ready')), 'it is ready', 10_000)
  stop.abort()
  expect(await ending).toEqual({ type: 'stopped' })
  expect(existsSync(join(cwd, 'tidy'))).toBe(true)
})

test('[R-31] what does not obey is killed after the grace, with its whole group', async () => {
  const cwd = temporaryFolder('program')
  const stop = new AbortController()
  const deaf = 'trap "" TERM; sleep 600 & echo $! > pid; while :; do sleep 0.05; done'
  const ending = shell(deaf, { cwd, signal: stop.signal, graceMs: 200 })
  await waitFor(() => existsSync(join(cwd, 'pid')), 'it has begun', 10_000)
  await waitFor(() => readFileSync(join(cwd, 'pid'), 'utf8').endsWith('\n'), 'its pid', 10_000)
  const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'))
  expect(alive(pid)).toBe(true)
  stop.abort()
  await programsEnded()
  expect(await ending).toEqual({ type: 'stopped' })
  await waitFor(() => !alive(pid), 'all of it is gone', 10_000)
})

test('[R-101] what is handed over is read from descriptor 3, record by record, and is in no variable', async () => {
  const heard: string[] = []
  const end = await shell(
    'IFS= read -r a <&3; sh -c \'IFS= read -r b <&3; echo "$b"\'; echo "$a"; env',
    { handed: 'first\nsecond\nthird\n', onOutput: (data) => heard.push(data.toString()) },
  )
  expect(end).toEqual({ type: 'exited', code: 0 })
  const lines = heard.join('').split('\n')
  expect(lines.slice(0, 2)).toEqual(['second', 'first'])
  expect(lines.slice(2).join('\n')).not.toMatch(/first|second|third/)
})

test('[R-101] nothing is wrong when what is handed over is not read, or is not there', async () => {
  const long = 'x'.repeat(4_000_000)
  expect(await shell('exit 3', { handed: long })).toEqual({ type: 'exited', code: 3 })
  expect(await shell('exit 4', { input: Buffer.from(long) })).toEqual({ type: 'exited', code: 4 })
  expect(await shell('cat <&3 2>/dev/null')).toMatchObject({ type: 'exited' })
  expect(execFileSync('sh', ['-c', 'echo still here'], { encoding: 'utf8' })).toBe('still here\n')
})
