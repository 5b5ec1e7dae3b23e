/** A git of ours that something else kills, at each of the questions it is asked: told, and nothing after it suffers. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { gitRepository, temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { Checkpoints } from './checkpoints.ts'

const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()

/** A git that is killed once, when it is asked something with this word in it. */
function mortalGit() {
  const folder = temporaryFolder('bin')
  const mark = join(folder, 'mark')
  const script = `#!/bin/sh
case "$*" in *"$(cat ${mark} 2>&1)"*) rm ${mark}; kill -9 $$;; esac
exec ${real} "$@"
`
  writeFileSync(join(folder, 'git'), script)
  chmodSync(join(folder, 'git'), 0o755)
  return {
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: '/dev/null',
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    },
    kill: (word: string) => writeFileSync(mark, word),
    isKilled: () => !existsSync(mark),
  }
}

function refsOf(path: string): string {
  const args = ['--git-dir', path, 'for-each-ref', '--format=%(objectname)', 'refs/checkpoints/1']
  return execFileSync(real, args, { encoding: 'utf8' })
}

test.each([
  'cat-file',
  'ls-tree',
  'ls-files',
  '--get core.excludesFile',
  'check-ignore',
  'fast-import',
  'diff-tree',
])(
  '[R-35] a git that is killed at %s is told, and what comes after it is as ever',
  async (word) => {
    const { path: folder, git } = gitRepository()
    // Tracked and ignored: only who knows what is tracked knows of it.
    writeFileSync(join(folder, '.gitignore'), 'tracked\n')
    writeFileSync(join(folder, 'tracked'), 't\n')
    git('add', '--force', 'tracked')
    const path = join(temporaryFolder('store'), 'checkpoints.git')
    const { env, kill, isKilled } = mortalGit()
    const open = () =>
      new Checkpoints({
        path,
        workspace: folder,
        origin: folder,
        dataFolder: '/nowhere',
        env,
        bounds: deadlines,
      })
    const save = (engine: Checkpoints, turn: number, at: 'before' | 'after') =>
      engine.save({ turn, at, hurried: false })
    const first = open()
    expect(await save(first, 1, 'before')).toEqual({})
    writeFileSync(join(folder, 'a'), 'one\n')
    await save(first, 1, 'after')
    first.close()
    await first.ready()
    const kept = refsOf(path)
    mkdirSync(join(folder, 'empty'))
    writeFileSync(join(folder, 'a'), 'two\n')

    kill(word)
    const next = open()
    const { warning } = await save(next, 2, 'before')
    writeFileSync(join(folder, 'b'), 'b\n')
    const { problem } = await save(next, 2, 'after')
    expect(isKilled()).toBe(true)
    expect(`${warning} ${problem}`).toContain('git was ended by SIGKILL.')

    expect(await save(next, 3, 'before')).toEqual({})
    writeFileSync(join(folder, 'c'), 'c\n')
    expect((await save(next, 3, 'after')).changes?.files).toMatchObject([{ path: 'c' }])
    expect(refsOf(path)).toBe(kept)
    const plan = await next.plan({ turn: 1, to: 'before' })
    expect(plan).toMatchObject({
      back: expect.arrayContaining([expect.objectContaining({ path: 'c' })]),
      stay: expect.arrayContaining([expect.objectContaining({ path: 'a' })]),
    })
    expect(JSON.stringify(plan)).not.toContain('"tracked"')
  },
)

test('[R-35] what something that was killed left locked holds up no turn', async () => {
  const folder = temporaryFolder('folder')
  const path = join(temporaryFolder('store'), 'checkpoints.git')
  const engine = new Checkpoints({
    path,
    workspace: folder,
    origin: folder,
    dataFolder: '/nowhere',
    env: process.env,
    bounds: deadlines,
  })
  await engine.save({ turn: 1, at: 'before', hurried: false })
  for (const name of ['index.lock', 'HEAD.lock', 'refs/checkpoints/2.lock'])
    writeFileSync(join(path, name), '')
  writeFileSync(join(folder, 'a'), 'a\n')
  const first = await engine.save({ turn: 1, at: 'after', hurried: false })
  expect(first.changes?.files).toMatchObject([{ path: 'a' }])
  await engine.ready()
  writeFileSync(join(folder, 'b'), 'b\n')
  expect(await engine.save({ turn: 2, at: 'before', hurried: false })).toEqual({})
  writeFileSync(join(folder, 'c'), 'c\n')
  const { changes } = await engine.save({ turn: 2, at: 'after', hurried: false })
  expect(changes?.files).toMatchObject([{ path: 'c' }])
})

/** A writer that lives through its first checkpoint, and dies as the next word comes: so is one found that was killed while it waited. */
const dying = `
const { spawn } = require('node:child_process')
const writer = spawn(${JSON.stringify(real)}, process.argv.slice(2), { stdio: ['pipe', 'inherit', 'inherit'] })
let isOver = false
process.stdin.on('data', (data) => {
  if (isOver) for (const pid of [writer.pid, process.pid]) process.kill(pid, 'SIGKILL')
  isOver = data.includes('progress kept')
  writer.stdin.write(data)
})
`

test('[R-244] a writer that something killed while it waited costs nothing: another one writes the checkpoint', async () => {
  const folder = temporaryFolder('folder')
  const bin = temporaryFolder('bin')
  const mark = join(bin, 'mark')
  writeFileSync(mark, '')
  writeFileSync(join(bin, 'dying.cjs'), dying)
  const script = `#!/bin/sh
case "$*" in fast-import*) test -e ${mark} && { rm ${mark}; exec ${process.execPath} ${bin}/dying.cjs "$@"; };; esac
exec ${real} "$@"
`
  writeFileSync(join(bin, 'git'), script)
  chmodSync(join(bin, 'git'), 0o755)
  const engine = new Checkpoints({
    path: join(temporaryFolder('store'), 'checkpoints.git'),
    workspace: folder,
    origin: folder,
    dataFolder: '/nowhere',
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    bounds: deadlines,
  })
  const save = (at: 'before' | 'after') => engine.save({ turn: 1, at, hurried: false })
  writeFileSync(join(folder, 'a'), 'one\n')
  expect(await save('before')).toEqual({})
  expect(existsSync(mark)).toBe(false)
  writeFileSync(join(folder, 'b'), 'b\n')
  expect((await save('after')).changes?.files).toMatchObject([{ path: 'b' }])
  const plan = await engine.plan({ turn: 1, to: 'before' })
  expect(plan).toMatchObject({ back: [{ path: 'b' }], stay: [] })
  engine.close()
})
