/** Trouble with `beside.db`: it is told, and stops neither a turn nor the runner nor what comes after it. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deadlines } from '@belay/protocol'
import { temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { besideFile } from './beside.ts'
import { Checkpoints } from './checkpoints.ts'

const moment = (turn: number, at: 'before' | 'after') => ({ turn, at, hurried: false }) as const

function begin() {
  const data = temporaryFolder('data')
  const folder = temporaryFolder('folder')
  writeFileSync(join(folder, 'a'), 'one\n')
  const runnerFolder = join(data, 'one')
  mkdirSync(runnerFolder)
  const checkpoints = new Checkpoints({
    path: join(runnerFolder, 'checkpoints.git'),
    workspace: folder,
    origin: folder,
    dataFolder: data,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    bounds: deadlines,
    sharing: { session: 'one', runnerFolder },
  })
  return { checkpoints, file: besideFile(data), a: join(folder, 'a') }
}

test('[R-35] a turn goes on where it cannot be told to the other sessions of its folder, which is said, and a restore is refused', async () => {
  const { checkpoints, file, a } = begin()
  mkdirSync(file)
  const before = await checkpoints.save(moment(1, 'before'))
  expect(before.warning).toContain('The workspace was not saved before turn 1: ')
  expect(before.warning).toContain(file)
  expect(await checkpoints.save(moment(1, 'after'))).toEqual({
    problem: 'there is no checkpoint before it.',
  })
  const restore = { turn: 1, to: 'before' } as const
  const message = expect.stringContaining(file)
  expect(await checkpoints.plan(restore)).toEqual({ message })
  expect(await checkpoints.restore(restore)).toEqual({ message })
  rmdirSync(file)
  expect(await checkpoints.save(moment(2, 'before'))).toEqual({})
  writeFileSync(a, 'two\n')
  expect(await checkpoints.save(moment(2, 'after'))).toMatchObject({
    changes: { files: [{ path: 'a' }] },
  })
  await checkpoints.restore({ turn: 2, to: 'before' })
  expect(readFileSync(a, 'utf8')).toBe('one\n')
})

test('[R-35] what a turn or a restore changed is told, also where the other sessions cannot be told it', async () => {
  const { checkpoints, file, a } = begin()
  const lose = () => {
    const database = new DatabaseSync(file)
    database.exec('DROP TABLE act')
    database.close()
  }
  expect(await checkpoints.save(moment(1, 'before'))).toEqual({})
  writeFileSync(a, 'two\n')
  lose()
  const { changes } = await checkpoints.save(moment(1, 'after'))
  expect(changes?.files).toMatchObject([{ path: 'a' }])
  expect(changes?.notes).toEqual([expect.stringContaining('were not told what was changed here')])
  const undone = checkpoints.restore({ turn: 1, to: 'before' })
  expect(await undone).toEqual({ files: 1 })
  expect(await checkpoints.save(moment(2, 'before'))).toEqual({})
  lose()
  checkpoints.stop()
  expect(await checkpoints.save(moment(3, 'before'))).toEqual({})
  expect((await checkpoints.save(moment(3, 'after'))).changes?.notes).toEqual([
    expect.stringContaining('were not told what was changed here'),
  ])
})

test('[R-35] a store of others that somebody holds is trouble while it is held, and not after', async () => {
  const { checkpoints, file } = begin()
  await checkpoints.ready()
  const holder = new DatabaseSync(file)
  holder.exec('BEGIN')
  holder.prepare('SELECT * FROM act').all()
  expect((await checkpoints.save(moment(1, 'before'))).warning).toContain('database is locked')
  holder.close()
  expect(await checkpoints.save(moment(2, 'before'))).toEqual({})
})
