import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { lockFolder, lockOwner } from './index.ts'

const folders: string[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-lock-'))
  folders.push(folder)
  return folder
}

const entry = new URL('./index.ts', import.meta.url).href

/** Takes the folder as soon as the file `go` is there, says what it got, and stays. */
const holder = `
  import { existsSync } from 'node:fs'
  import { spawn } from 'node:child_process'
  import { lockFolder } from '${entry}'
  const [folder, go, keepsChild] = process.argv.slice(1)
  while (!existsSync(go));
  const lock = lockFolder(folder, { pid: process.pid, since: 7, name: 'holder' })
  const child = keepsChild && spawn('sleep', ['30'], { stdio: 'ignore', detached: true })
  console.log(JSON.stringify({ got: 'release' in lock, heldBy: lock.heldBy, child: child?.pid }))
  setInterval(() => {}, 1000)
`

interface Said {
  readonly got: boolean
  readonly heldBy?: { readonly pid: number }
  readonly child?: number
}

interface Holder {
  readonly process: ChildProcess
  readonly said: Promise<Said>
}

function startHolder(folder: string, go: string, ...more: string[]): Holder {
  const args = ['--input-type=module', '-e', holder, folder, go, ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const said = new Promise<Said>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(JSON.parse(String(data))))
    child.once('close', () => reject(new Error('the holder ended without a word')))
  })
  return { process: child, said }
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

const self = { pid: process.pid, since: 1, name: 'test' }

test('[H-30] a folder has one owner, and whoever comes second is told who it is', async () => {
  const folder = newFolder()
  const { process: child, said } = startHolder(folder, folder)
  expect((await said).got).toBe(true)
  const owner = { pid: child.pid, since: 7, name: 'holder' }
  expect(lockOwner(folder)).toEqual(owner)
  expect(lockFolder(folder, self)).toEqual({ heldBy: owner })
  expect(lockOwner(folder), 'asking in vain does not change the owner').toEqual(owner)
})

test('[H-30] a folder that nobody holds has no owner, whatever its files say', async () => {
  const folder = join(newFolder(), 'deep', 'folder')
  expect(lockOwner(folder)).toBeUndefined()
  expect(existsSync(folder)).toBe(false)
  const lock = lockFolder(folder, self)
  expect(lockOwner(folder)).toEqual(self)
  const { said } = startHolder(folder, folder)
  expect(await said).toMatchObject({ got: false, heldBy: self })
  if ('release' in lock) lock.release()
  expect(lockOwner(folder)).toBeUndefined()
  expect(lockFolder(folder, self)).toHaveProperty('release')
})

/** Stands in the door of a folder and does not go on. */
const doorstop = `
  import { DatabaseSync } from 'node:sqlite'
  const door = new DatabaseSync(process.argv[1] + '/door.db')
  door.exec('BEGIN EXCLUSIVE')
  console.log('{}')
  setInterval(() => {}, 1000)
`

test('[H-50] with somebody in the door, who only looks hears at once that the owner cannot be seen', async () => {
  const folder = newFolder()
  const lock = lockFolder(folder, self)
  const args = ['--input-type=module', '-e', doorstop, folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  expect(lockOwner(folder)).toBe('unknown')
  await kill(child)
  expect(lockOwner(folder)).toEqual(self)
  if ('release' in lock) lock.release()
})

test('[H-50] a folder whose lock cannot be opened says that its owner cannot be seen', () => {
  const folder = newFolder()
  const lock = lockFolder(folder, self)
  if ('release' in lock) lock.release()
  writeFileSync(
    join(folder, 'lock.db'),
    'no database at all, and long enough to be read as one'.repeat(20),
  )
  expect(lockOwner(folder)).toBe('unknown')
})

test('[H-51] what a lock is made of is its owner’s alone, whatever the shell gives to others', () => {
  const before = process.umask(0)
  try {
    const folder = newFolder()
    const lock = lockFolder(folder, self)
    for (const name of ['lock.db', 'door.db'])
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    if ('release' in lock) lock.release()
  } finally {
    process.umask(before)
  }
})

test('[H-31] a killed owner lets go at once, though a child it started lives on', async () => {
  const folder = newFolder()
  const { process: child, said } = startHolder(folder, folder, 'keeps a child')
  const { child: grandchild = 0 } = await said
  expect(lockOwner(folder)).toMatchObject({ pid: child.pid })
  await kill(child)
  expect(() => process.kill(grandchild, 0), 'the child it started lives').not.toThrow()
  expect(lockOwner(folder)).toBeUndefined()
  const lock = lockFolder(folder, self)
  expect(lockOwner(folder)).toEqual(self)
  process.kill(grandchild, 'SIGKILL')
  if ('release' in lock) lock.release()
})

test('[H-32] of many that come at once exactly one gets the folder, and it is the one named', async () => {
  const folder = newFolder()
  const go = join(folder, 'go')
  const holders = Array.from({ length: 6 }, () => startHolder(folder, go))
  await new Promise((resolve) => setTimeout(resolve, 400))
  writeFileSync(go, '')
  const said = await Promise.all(holders.map((each) => each.said))
  const winners = holders.filter((_, index) => said[index]?.got)
  expect(winners.length).toBe(1)
  expect(lockOwner(folder)).toMatchObject({ pid: winners[0]?.process.pid })
})

/** Takes the folder and lets it go for a while. Says how often it got it, and how often another was named meanwhile. */
const striver = `
  import { DatabaseSync } from 'node:sqlite'
  import { lockFolder } from '${entry}'
  const [folder] = process.argv.slice(1)
  let got = 0
  let wrong = 0
  for (const end = Date.now() + 2000; Date.now() < end; ) {
    const lock = lockFolder(folder, { pid: process.pid, since: 7, name: 'striver' })
    if (!('release' in lock)) continue
    got += 1
    const database = new DatabaseSync(folder + '/lock.db', { readOnly: true })
    const { json } = database.prepare('SELECT json FROM owner').get()
    if (JSON.parse(json).pid !== process.pid) wrong += 1
    database.close()
    lock.release()
  }
  console.log(JSON.stringify({ got, wrong }))
`

test('[H-32] a holder is never named by the name of one that came at the same time', async () => {
  const outcomes = await strive(striver, newFolder())
  expect(outcomes.reduce((sum, { got }) => sum + got, 0)).toBeGreaterThan(50)
  expect(outcomes.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0])
})

/** Only looks who holds a folder, again and again. */
const onlooker = `
  import { lockOwner } from '${entry}'
  const [folder] = process.argv.slice(1)
  let got = 0
  let wrong = 0
  for (const end = Date.now() + 1500; Date.now() < end; got += 1) {
    if (typeof lockOwner(folder) === 'object') wrong += 1
  }
  console.log(JSON.stringify({ got, wrong }))
`

test('[H-32] many that only look do not take each other for the owner that died', async () => {
  const folder = newFolder()
  const { process: child, said } = startHolder(folder, folder)
  expect((await said).got).toBe(true)
  await kill(child)
  const outcomes = await strive(onlooker, folder)
  expect(outcomes.reduce((sum, { got }) => sum + got, 0)).toBeGreaterThan(50)
  expect(outcomes.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0])
})

interface Outcome {
  readonly got: number
  readonly wrong: number
}

/** Runs four processes of a program at once. */
function strive(program: string, folder: string): Promise<Outcome[]> {
  const outcomes = Array.from({ length: 4 }, () => {
    const args = ['--input-type=module', '-e', program, folder]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return new Promise<Outcome>((resolve, reject) => {
      child.stdout.once('data', (data) => resolve(JSON.parse(String(data))))
      child.once('close', () => reject(new Error('a process ended without a word')))
    })
  })
  return Promise.all(outcomes)
}
