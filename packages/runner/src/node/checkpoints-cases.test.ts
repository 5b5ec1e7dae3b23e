/** Small cases that the model-based test found, each with the seed it was found by. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FolderLock, lockFolder } from '@belay/actor/node'
import { deadlines } from '@belay/protocol'
import { type GitRepository, gitRepository, temporaryFolder } from '@belay/testing/node'
import { describe, expect, test } from 'vitest'
import type { Saved } from '../input.ts'
import { Checkpoints } from './checkpoints.ts'

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }
const before = (turn: number) => ({ turn, at: 'before', hurried: false }) as const
const after = (turn: number) => ({ turn, at: 'after', hurried: false }) as const

interface Shared {
  readonly folder: string
  open(session: string): Checkpoints
  /** The process of its runner ends. */
  end(session: string): void
}

/** A folder that several sessions work in, each with a runner that lives. */
function sharedFolder(folder: string, earlyMsMax = 60_000): Shared {
  const data = temporaryFolder('data')
  const locks = new Map<string, FolderLock>()
  return {
    folder,
    end(session) {
      locks.get(session)?.release()
      locks.delete(session)
    },
    open(session) {
      const runnerFolder = join(data, session)
      if (!locks.has(session)) {
        const lock = lockFolder(runnerFolder, { pid: process.pid, since: 1, name: session })
        if ('release' in lock) locks.set(session, lock)
      }
      return new Checkpoints({
        path: join(runnerFolder, 'checkpoints.git'),
        workspace: folder,
        origin: folder,
        dataFolder: data,
        env,
        bounds: deadlines,
        sharing: { session, runnerFolder },
        earlyMsMax,
      })
    },
  }
}

function lone(repository: Pick<GitRepository, 'path'>): Checkpoints {
  return sharedFolder(repository.path).open('one')
}

describe('a look that begins when a prompt is on its way', () => {
  const told = (saved: Saved) => saved.changes?.files.map(({ path }) => path)
  const beforeOf = (turn: number, promptId: string) => ({ ...before(turn), promptId }) as const

  /** A settled workspace, and a file that is written once a look that was begun is over. */
  async function looked(shared = sharedFolder(gitRepository().path)) {
    const checkpoints = shared.open('one')
    await checkpoints.save(before(1))
    await checkpoints.save(after(1))
    await checkpoints.ready()
    checkpoints.lookAhead('p2')
    // What is asked for later comes later.
    await checkpoints.plan({ turn: 1, to: 'before' })
    return { shared, checkpoints, late: join(shared.folder, 'late') }
  }

  test('[R-276] is the checkpoint before the turn of that prompt', async () => {
    const { checkpoints, late } = await looked()
    writeFileSync(late, 'within those milliseconds\n')
    expect(await checkpoints.save(beforeOf(2, 'p2'))).toEqual({})
    expect(told(await checkpoints.save(after(2)))).toEqual(['late'])
  })

  test('[R-276] counts for a moment', async () => {
    const { checkpoints, late } = await looked(sharedFolder(gitRepository().path, 0))
    writeFileSync(late, 'before the turn\n')
    expect(await checkpoints.save(beforeOf(2, 'p2'))).toEqual({})
    expect(told(await checkpoints.save(after(2)))).toEqual([])
  })

  test('[R-276] counts for no other prompt, and for none twice', async () => {
    const { checkpoints, late } = await looked()
    writeFileSync(late, 'before p3\n')
    expect(await checkpoints.save(beforeOf(2, 'p3'))).toEqual({})
    expect(told(await checkpoints.save(after(2)))).toEqual([])
    writeFileSync(late, 'before p2\n')
    expect(await checkpoints.save(beforeOf(3, 'p2'))).toEqual({})
    expect(told(await checkpoints.save(after(3)))).toEqual([])
  })

  test('[R-276] does not count when another session worked in the folder meanwhile', async () => {
    const { shared, checkpoints, late } = await looked()
    const other = shared.open('two')
    await other.save(before(1))
    writeFileSync(late, 'of the other one\n')
    expect(told(await other.save(after(1)))).toEqual(['late'])
    expect(await checkpoints.save(beforeOf(2, 'p2'))).toEqual({})
    expect(told(await checkpoints.save(after(2)))).toEqual([])
  })

  test('[R-276] is not begun while another session works in the folder', async () => {
    const shared = sharedFolder(gitRepository().path)
    const other = shared.open('two')
    await other.save(before(1))
    const { checkpoints, late } = await looked(shared)
    writeFileSync(late, 'of the other one\n')
    expect(told(await other.save(after(1)))).toEqual(['late'])
    expect(await checkpoints.save(beforeOf(2, 'p2'))).toEqual({})
    expect(told(await checkpoints.save(after(2)))).toEqual([])
  })

  test('[R-276] that cannot be made is told by the turn alone', async () => {
    const { shared, checkpoints } = await looked()
    rmSync(shared.folder, { recursive: true })
    checkpoints.lookAhead('p2')
    const { warning } = await checkpoints.save(beforeOf(2, 'p2'))
    expect(warning).toContain('The workspace was not saved before turn 2')
  })
})

test('[R-278] what was seen is written down where it changed, and by the next who has time when a prompt came', async () => {
  const { path } = gitRepository()
  const store = join(temporaryFolder('shadow'), 'checkpoints.git')
  const memory = join(store, 'belay-look.json')
  const options = { path: store, workspace: path, origin: path, dataFolder: '/nowhere', env }
  const checkpoints = new Checkpoints({ ...options, bounds: deadlines })
  const turn = async (number: number, write = () => {}) => {
    await checkpoints.save(before(number))
    write()
    await checkpoints.save(after(number))
    await checkpoints.ready()
    return statSync(memory).ino
  }
  const first = await turn(1)
  expect(await turn(2)).toBe(first)
  expect(await turn(3, () => writeFileSync(join(path, 'new'), 'x'))).not.toBe(first)
  expect(readFileSync(memory, 'utf8')).toContain('"new"')
  await checkpoints.save(before(4))
  writeFileSync(join(path, 'newer'), 'x')
  await checkpoints.save(after(4))
  // It does not wait for what is put in order behind that turn.
  await checkpoints.save(before(5))
  await checkpoints.save(after(5))
  await checkpoints.ready()
  expect(readFileSync(memory, 'utf8')).toContain('"newer"')
  checkpoints.close()
})

describe('checkpoints in cases that chance found', () => {
  test('[R-75] a folder that a turn replaced by a file took its files along, and gets them back (seed 113)', async () => {
    const repository = gitRepository()
    mkdirSync(join(repository.path, 'd/in'), { recursive: true })
    writeFileSync(join(repository.path, 'd/in/f'), 'f\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    rmSync(join(repository.path, 'd'), { recursive: true })
    writeFileSync(join(repository.path, 'd'), 'd\n')
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files.map(({ path, status }) => [path, status])).toEqual([
      ['d', 'added'],
      ['d/in/f', 'removed'],
    ])
    expect(changes?.notes).toBeUndefined()
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 2 })
    expect(readFileSync(join(repository.path, 'd/in/f'), 'utf8')).toBe('f\n')
  })

  test('[R-66] an undo makes the folder again that a restore put a file in the place of (seed 3000015)', async () => {
    const { path } = gitRepository()
    const checkpoints = lone({ path })
    writeFileSync(join(path, 'a'), 'file\n')
    await checkpoints.save(before(1))
    rmSync(join(path, 'a'))
    mkdirSync(join(path, 'a'))
    writeFileSync(join(path, 'a/in'), 'in\n')
    await checkpoints.save(after(1))
    rmSync(join(path, 'a/in'))
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 1 })
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('file\n')
    await checkpoints.restore({ turn: 1, to: 'undo' })
    expect(readdirSync(join(path, 'a'))).toEqual([])
  })

  test('[R-73] a file that is tracked and was not there is told when a turn makes it, whatever the rules say (seed 4000041)', async () => {
    const { path, git } = gitRepository()
    const checkpoints = lone({ path })
    writeFileSync(join(path, '.gitignore'), '*.env\n')
    writeFileSync(join(path, 'x.env'), 'x\n')
    git('add', '--all', '--force')
    rmSync(join(path, 'x.env'))
    await checkpoints.save(before(1))
    writeFileSync(join(path, 'x.env'), 'again\n')
    writeFileSync(join(path, 'y.env'), 'ignored\n')
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files).toEqual([{ path: 'x.env', status: 'added', added: 1, removed: 0 }])
  })

  test('[R-75] a file that is rewritten in place, and one that became another kind, are each told, with and without names that came', async () => {
    const { path } = gitRepository()
    const checkpoints = lone({ path })
    for (const name of ['a', 'b', 'c']) writeFileSync(join(path, name), `${name}\n`)
    await checkpoints.ready()
    const told = async (turn: number, work: () => void) => {
      await checkpoints.save(before(turn))
      work()
      const { changes } = await checkpoints.save(after(turn))
      await checkpoints.ready()
      return changes?.files.map(({ path: name, status }) => `${name} ${status}`)
    }
    expect(await told(1, () => writeFileSync(join(path, 'a'), 'again\n'))).toEqual(['a changed'])
    expect(await told(2, () => undefined)).toEqual([])
    const both = () => {
      writeFileSync(join(path, 'b'), 'again\n')
      writeFileSync(join(path, '.gitignore'), 'c\nd\n')
      writeFileSync(join(path, 'd'), 'ignored\n')
    }
    expect(await told(3, both)).toEqual(['.gitignore added', 'b changed'])
    expect(await told(4, () => writeFileSync(join(path, '.gitignore'), 'c\n'))).toEqual([
      '.gitignore changed',
    ])
    const link = () => {
      rmSync(join(path, 'a'))
      symlinkSync('b', join(path, 'a'))
    }
    expect(await told(5, link)).toEqual(['a changed'])
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toMatchObject({ files: 3 })
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('a\n')
    expect(readFileSync(join(path, 'd'), 'utf8')).toBe('ignored\n')
  })

  test('[R-77] a turn whose runner died in it is in nobody’s way once the next runner is there (seed 8)', async () => {
    const shared = sharedFolder(temporaryFolder('folder'))
    const one = shared.open('one')
    await one.save(before(1))
    const two = shared.open('two')
    await two.save(before(1))
    writeFileSync(join(shared.folder, 'a'), 'a\n')
    await two.save(after(1))
    expect(await two.plan({ turn: 1, to: 'before' })).toHaveProperty('message')
    one.close()
    await shared.open('one').ready()
    expect(await two.plan({ turn: 1, to: 'before' })).toHaveProperty('stay')
  })

  test('[R-73] an ignored file that a turn had Git track is neither told nor removed by a restore', async () => {
    const repository = gitRepository()
    writeFileSync(join(repository.path, '.gitignore'), '.env\n')
    writeFileSync(join(repository.path, '.env'), 'KEY=hidden\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    repository.git('add', '--force', '.env')
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files).toEqual([])
    expect(JSON.stringify(changes)).not.toContain('hidden')
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 0 })
    expect(readFileSync(join(repository.path, '.env'), 'utf8')).toBe('KEY=hidden\n')
  })

  test('[R-73] a repository inside ignores what it ignores, also where the one around it tracks some of its files', async () => {
    const repository = gitRepository()
    mkdirSync(join(repository.path, 'in'))
    writeFileSync(join(repository.path, 'in/f'), 'f\n')
    repository.git('add', 'in/f')
    repository.git('init', '--quiet', 'in')
    mkdirSync(join(repository.path, 'in/.git/info'), { recursive: true })
    writeFileSync(join(repository.path, 'in/.git/info/exclude'), 'key\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    writeFileSync(join(repository.path, 'in/key'), 'hidden\n')
    writeFileSync(join(repository.path, 'in/f'), 'g\n')
    writeFileSync(join(repository.path, 'in/new'), 'n\n')
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files.map(({ path }) => path)).toEqual(['in/f', 'in/new'])
    expect(JSON.stringify(changes)).not.toContain('hidden')
  })

  test('[R-75] a folder that became a link to another is gone with its files, and nothing is read through the link', async () => {
    const repository = gitRepository()
    writeFileSync(join(repository.path, '.gitignore'), 'secret/\n')
    for (const folder of ['conf', 'secret']) mkdirSync(join(repository.path, folder))
    writeFileSync(join(repository.path, 'conf/s'), 'open\n')
    writeFileSync(join(repository.path, 'secret/s'), 'hidden\n')
    repository.git('add', '.')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    rmSync(join(repository.path, 'conf'), { recursive: true })
    symlinkSync('secret', join(repository.path, 'conf'))
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files.map(({ path, status }) => [path, status])).toEqual([
      ['conf', 'added'],
      ['conf/s', 'removed'],
    ])
    expect(JSON.stringify(changes)).not.toContain('hidden')
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 2 })
    expect(readFileSync(join(repository.path, 'conf/s'), 'utf8')).toBe('open\n')
    expect(readFileSync(join(repository.path, 'secret/s'), 'utf8')).toBe('hidden\n')
  })

  test('[R-75] links in a circle in place of a folder stop no checkpoint', async () => {
    const repository = gitRepository()
    mkdirSync(join(repository.path, 'd'))
    writeFileSync(join(repository.path, 'd/x'), 'x\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    rmSync(join(repository.path, 'd'), { recursive: true })
    symlinkSync('d', join(repository.path, 'd'))
    const { changes, problem } = await checkpoints.save(after(1))
    expect(problem).toBeUndefined()
    expect(changes?.files.map(({ path }) => path)).toEqual(['d', 'd/x'])
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 2 })
  })

  test('[R-73] a file that a turn had ignored and then removed is told no more than one that is still there (seed 10012)', async () => {
    const repository = gitRepository()
    writeFileSync(join(repository.path, 'x.env'), 'hidden\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    writeFileSync(join(repository.path, '.gitignore'), '*.env\n')
    rmSync(join(repository.path, 'x.env'))
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files.map(({ path }) => path)).toEqual(['.gitignore'])
    expect(JSON.stringify(changes)).not.toContain('hidden')
    expect(changes?.notes).toHaveLength(1)
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 2 })
    expect(readFileSync(join(repository.path, 'x.env'), 'utf8')).toBe('hidden\n')
  })

  test('[R-66] a restore is taken back although the runner of another session died in a turn before it (seed 20018)', async () => {
    const shared = sharedFolder(temporaryFolder('folder'))
    const two = shared.open('two')
    await two.save(before(1))
    two.close()
    shared.end('two')
    const one = shared.open('one')
    await one.save(before(1))
    writeFileSync(join(shared.folder, 'a'), 'a\n')
    await one.save(after(1))
    expect(await one.restore({ turn: 1, to: 'before' })).toEqual({ files: 1 })
    expect(await one.restore({ turn: 1, to: 'undo' })).toEqual({ files: 1 })
    expect(readFileSync(join(shared.folder, 'a'), 'utf8')).toBe('a\n')
  })

  test('[R-66] an undo leaves a folder empty that was empty before the restore put a file into it (seed 1011)', async () => {
    const repository = gitRepository()
    mkdirSync(join(repository.path, 'a'))
    writeFileSync(join(repository.path, 'a/in'), '1\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    writeFileSync(join(repository.path, 'a/in'), '2\n')
    await checkpoints.save(after(1))
    rmSync(join(repository.path, 'a/in'))
    expect(await checkpoints.restore({ turn: 1, to: 'before', take: 'all' })).toEqual({ files: 1 })
    expect(readFileSync(join(repository.path, 'a/in'), 'utf8')).toBe('1\n')
    await checkpoints.restore({ turn: 1, to: 'undo' })
    expect(readdirSync(join(repository.path, 'a'))).toEqual([])
  })

  test('[R-70] what a person makes while Belay looks around is no doing of the next turn (seed 1002)', async () => {
    const repository = gitRepository()
    const checkpoints = lone(repository)
    mkdirSync(join(repository.path, 'd'))
    for (let turn = 1; turn <= 12; turn++) {
      writeFileSync(join(repository.path, `d/noise${turn}`), 'n\n')
      const looking = checkpoints.ready()
      await sleep(turn * 3)
      writeFileSync(join(repository.path, `d/mine${turn}`), 'm\n')
      await looking
      await checkpoints.save(before(turn))
      expect(await checkpoints.save(after(turn))).toEqual({ changes: { files: [], patch: '' } })
    }
  })

  test('[R-76] what was ignored before a turn that nobody saw the end of, and is tracked since, is no doing of it (seed 20000000)', async () => {
    const repository = gitRepository()
    repository.commit('Ignore', { '.gitignore': '*.env\n' })
    writeFileSync(join(repository.path, 'x.env'), 'a person’s\n')
    const shared = sharedFolder(repository.path)
    const first = shared.open('one')
    await first.save(before(1))
    first.close()
    repository.git('add', '--force', 'x.env')
    const next = shared.open('one')
    await next.ready()
    expect(await next.plan({ turn: 1, to: 'before' })).toMatchObject({ back: [], stay: [] })
    expect(await next.restore({ turn: 1, to: 'before', take: 'all' })).toMatchObject({ files: 0 })
    expect(readFileSync(join(repository.path, 'x.env'), 'utf8')).toBe('a person’s\n')
    next.close()
  })

  test('[R-66] a folder that was empty before a restore made another one in it is there after the undo (seed 22000062)', async () => {
    const repository = gitRepository()
    const inside = (name: string) => join(repository.path, name)
    mkdirSync(inside('p/q'), { recursive: true })
    writeFileSync(inside('p/q/r'), 'r\n')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    rmSync(inside('p/q/r'))
    mkdirSync(inside('p/q/made'))
    await checkpoints.save(after(1))
    await checkpoints.restore({ turn: 1, to: 'before' })
    rmSync(inside('p/q/r'))
    await checkpoints.restore({ turn: 1, to: 'undo' })
    expect(readdirSync(inside('p/q'))).toEqual(['made'])
    await checkpoints.restore({ turn: 1, to: 'undo' })
    expect(readdirSync(inside('p/q'))).toEqual([])
    checkpoints.close()
  })

  test('[R-73] a tracked file that a turn replaced by a folder is told, also where rules ignore its name and others changed (seed 24000013)', async () => {
    const repository = gitRepository()
    const inside = (name: string) => join(repository.path, name)
    repository.commit('Ignore', { '.gitignore': 'build\n' })
    writeFileSync(inside('build'), 'b\n')
    repository.git('add', '--force', 'build')
    const checkpoints = lone(repository)
    await checkpoints.save(before(1))
    rmSync(inside('build'))
    mkdirSync(inside('build'))
    writeFileSync(inside('build/out'), 'o\n')
    writeFileSync(inside('.gitignore'), 'build\n*.log\n')
    const { changes } = await checkpoints.save(after(1))
    expect(changes?.files.map(({ path, status }) => [path, status])).toEqual([
      ['.gitignore', 'changed'],
      ['build', 'removed'],
    ])
    expect(changes?.notes).toBeUndefined()
    checkpoints.close()
  })
})
