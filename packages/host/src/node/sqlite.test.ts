import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { temporaryFolder } from '@belay/testing/node'
import { expect, test, vi } from 'vitest'
import { registerHostContract } from '../contract.ts'
import { add, type HostWorld, Scene, start, times } from '../scene.ts'
import { migrations } from '../sql/migrations.ts'
import { migrate } from './migrate.ts'
import { NodeStorage, openDatabase, openNodeStorage } from './sqlite.ts'

// Each test syncs a real disk up to some hundred times; a busy disk is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

registerHostContract('node:sqlite', openWorld)

function openWorld(): HostWorld {
  let folder = temporaryFolder('host')
  return {
    open: () => openNodeStorage({ folder }),
    // What a killed process leaves is what its files hold at that instant.
    kill: () => {
      const next = temporaryFolder('host')
      for (const file of ['belay.db', 'belay.db-wal']) {
        const from = join(folder, file)
        if (existsSync(from)) copyFileSync(from, join(next, file))
      }
      folder = next
    },
    end: () => undefined,
  }
}

test('[H-6] a write-ahead log that is cut anywhere opens at a whole commit', async () => {
  const folder = temporaryFolder('host')
  const scene = new Scene({ storage: openNodeStorage({ folder }) })
  scene.host.start()
  const file = join(folder, 'belay.db-wal')
  const ends: number[] = []
  for (let commit = 0; commit < 6; commit += 1) {
    await scene.askAll([...times(3, 'a', add(1, 'x'.repeat(3000))), ['b', add(1)]])
    ends.push(statSync(file).size)
  }
  const bytes = readFileSync(file)
  const cuts = ends.flatMap((end, index) => {
    const begin = ends[index - 1] ?? 0
    return [begin + 1, Math.floor((begin + end) / 2), end - 1, end]
  })
  const seen = new Set<number>()
  for (const cut of cuts) {
    const torn = temporaryFolder('host')
    copyFileSync(join(folder, 'belay.db'), join(torn, 'belay.db'))
    writeFileSync(join(torn, 'belay.db-wal'), bytes.subarray(0, cut))
    const commits = ends.filter((end) => end <= cut).length
    const again = start({ open: () => openNodeStorage({ folder: torn }), kill: stay, end: stay })
    expect(again.entries('a').length).toBe(commits * 3)
    expect(again.host.read('a').count.total).toBe(commits * 3)
    expect(again.entries('b').length).toBe(commits)
    again.host.stop()
    seen.add(commits)
  }
  expect([...seen]).toEqual([0, 1, 2, 3, 4, 5, 6])
  scene.host.stop()
})

function stay(): void {}

test('[H-52] a full disk refuses what does not fit, keeps what was answered, and goes on when there is room', async () => {
  const folder = temporaryFolder('host')
  const database = openDatabase(folder)
  database.exec('PRAGMA max_page_count = 40')
  const scene = new Scene({ storage: new NodeStorage(database) })
  scene.host.start()
  let total = 0
  let refused: unknown
  for (let turn = 0; refused === undefined; turn += 1) {
    const [reply] = await scene.askAll([['a', add(1, 'x'.repeat(5000))]])
    if (reply?.status === 'fulfilled') total = reply.value.total
    else refused = reply?.reason
    expect(turn).toBeLessThan(100)
  }
  expect(refused).toMatchObject({ reason: 'full', message: expect.stringContaining(folder) })
  expect(scene.stopReason).toBeUndefined()
  expect(total).toBeGreaterThan(3)
  expect(scene.entries('a'), 'reads go on').toHaveLength(total)
  database.exec('PRAGMA max_page_count = 4000')
  await scene.advance(5000)
  expect((await scene.ask('a', add(1, 'y'))).total).toBe(total + 1)
  scene.host.stop()
  const again = new Scene({ storage: openNodeStorage({ folder }) })
  expect(again.entries('a').length).toBe(total + 1)
  again.host.stop()
})

test('[H-52] a store that another program holds is waited for without keeping the loop, then refuses, then goes on', async () => {
  const folder = temporaryFolder('host')
  const scene = new Scene({ storage: openNodeStorage({ folder }) })
  scene.host.start()
  await scene.ask('a', add(1))
  const tool = new DatabaseSync(join(folder, 'belay.db'))
  tool.exec('BEGIN IMMEDIATE')
  const asked = scene.submit('a', add(1))
  const refusal: Promise<unknown> = asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  await scene.turn()
  expect(scene.entries('a'), 'others are answered meanwhile').toHaveLength(1)
  for (let second = 0; second < 8; second += 1) await scene.advance(1000)
  expect(await refusal).toMatchObject({ reason: 'busy' })
  tool.exec('ROLLBACK')
  tool.close()
  await scene.advance(5000)
  expect((await scene.ask('a', add(1))).total).toBe(2)
  scene.host.stop()
})

test('[H-14] a log that is read in part keeps nothing open, so the write-ahead log stays small', async () => {
  const folder = temporaryFolder('host')
  const scene = new Scene({ storage: openNodeStorage({ folder }) })
  scene.host.start()
  await scene.askAll([['a', add()]])
  for (let turn = 0; turn < 300; turn += 1) {
    await scene.askAll([['a', add(1, 'x'.repeat(50_000))]])
    expect(scene.host.log('a', 0, 1).length).toBe(1)
  }
  // 15 MB went through it; it is written back and used again each 1,000 pages of 4 KiB.
  expect(statSync(join(folder, 'belay.db-wal')).size).toBeLessThan(6_000_000)
  scene.host.stop()
})

test('[H-27] the file is in WAL mode and each commit is synced', () => {
  const database = openDatabase(temporaryFolder('host'))
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  // 2 is FULL.
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  database.close()
})

test('[H-28] an older file is brought up to date, step by step, and keeps its rows', () => {
  const path = join(temporaryFolder('host'), 'old.db')
  const first = 'CREATE TABLE thing (name TEXT)'
  const second = 'ALTER TABLE thing ADD COLUMN size INTEGER; UPDATE thing SET size = length(name)'
  const old = new DatabaseSync(path)
  migrate(old, path, [first])
  old.exec("INSERT INTO thing VALUES ('four')")
  old.close()
  const database = new DatabaseSync(path)
  migrate(database, path, [first, second])
  migrate(database, path, [first, second])
  expect({ ...database.prepare('SELECT * FROM thing').get() }).toEqual({ name: 'four', size: 4 })
  database.close()
})

test('[H-28] a step that fails leaves the file as it was', () => {
  const path = join(temporaryFolder('host'), 'old.db')
  const database = new DatabaseSync(path)
  const bad = 'CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)'
  expect(() => migrate(database, path, ['CREATE TABLE thing (name TEXT)', bad])).toThrow('nowhere')
  database.close()
  const again = new DatabaseSync(path)
  expect(again.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 1 })
  expect(again.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()).toMatchObject({
    tables: 1,
  })
  again.close()
})

test('[H-28] a file of a newer version is refused with a sentence that says what to do', () => {
  const folder = temporaryFolder('host')
  openNodeStorage({ folder }).close()
  const path = join(folder, 'belay.db')
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${migrations.length + 1}`)
  database.close()
  expect(() => openNodeStorage({ folder })).toThrow(
    `${path} was written by a newer version of Belay: its format is ${migrations.length + 1}`,
  )
})
