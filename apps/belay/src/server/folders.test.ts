/** Who works in which folder, on a real store and real folders. */
import { execFileSync } from 'node:child_process'
import { constants, closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { agentReady, creation } from '@belay/testing'
import { loneHost, temporaryFolder } from '@belay/testing/node'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { Folders, type FoldersOptions } from './folders.ts'

const log = pino({ level: 'silent' })
const ending: (() => void)[] = []
afterEach(() => ending.splice(0).forEach((end) => end()))

function scene() {
  const host = loneHost('folders')
  ending.push(() => host.stop())
  const own = temporaryFolder('own')
  const unreadable = new Set<string>()
  const asked: string[] = []
  const seen: FoldersOptions['host'] = {
    alarmed: () => host.alarmed(),
    submit: (id, input) => host.submit(id, input),
    list(options) {
      asked.push('list')
      return host.list(options)
    },
    read(id) {
      if (unreadable.has(id)) throw new Error('it cannot be read')
      return host.read(id)
    },
  }
  return {
    own,
    unreadable,
    asked,
    folders: new Folders({ host: seen, dataFolder: temporaryFolder('data'), log }),
    neighbours: (id: string) => host.read(id).neighbours.map((one) => one.id),
    async create(id: string, path: string) {
      await host.submit(id, creation({ title: `of ${id}`, workspace: { type: 'folder', path } }))
    },
    async beginTurn(id: string, folder: string) {
      await host.submit(id, { type: 'runner-hello', generation: 1, received: 0 })
      const report = { ...agentReady, folder }
      const reports = [{ n: 1, json: JSON.stringify(report), report }]
      await host.submit(id, { type: 'runner-frame', generation: 1, acked: undefined, reports })
      const prompt = { promptId: 'p1', text: 'x', digest: 'p1' }
      await host.submit(id, { type: 'prompt-submitted', prompt })
      expect(host.read(id).turn.type).toBe('active')
    },
    delete: (id: string) => host.submit(id, { type: 'delete' }),
  }
}

test('[K-45] [E-18] who shares a folder is told of the others, whichever of them cannot be read', async () => {
  const { own, folders, create, unreadable, neighbours, delete: remove } = scene()
  for (const id of ['a', 'b', 'c', 'd']) await create(id, own)
  for (const id of ['a', 'b']) folders.settle(id)
  await folders.place(own)
  folders.begin()
  unreadable.add('a')
  folders.settle('c')
  folders.settle('d')
  const { sessions } = await folders.place(own)
  expect(sessions.map(({ id }) => id).toSorted()).toEqual(['b', 'c', 'd'])
  folders.begin()
  await folders.place(own)
  expect(neighbours('c').toSorted()).toEqual(['b', 'd'])
  expect(neighbours('b').toSorted()).toEqual(['a', 'c', 'd'])
  await remove('b')
  folders.gone('b')
  folders.begin()
  await folders.place(own)
  expect(neighbours('c')).toEqual(['d'])
})

test('[E-30] who has a turn in the same folder is named, through a link too, and nobody else', async () => {
  const { own, folders, create, beginTurn, unreadable } = scene()
  const link = `${own}-linked`
  symlinkSync(own, link)
  const elsewhere = join(own, 'elsewhere')
  mkdirSync(elsewhere)
  await create('mine', own)
  await create('asleep', own)
  await create('elsewhere', elsewhere)
  await beginTurn('mine', own)
  await beginTurn('elsewhere', elsewhere)
  expect(await folders.beside('mine')).toBeUndefined()
  await create('broken', own)
  await beginTurn('broken', own)
  unreadable.add('broken')
  expect(await folders.beside('mine')).toBeUndefined()
  await create('other', link)
  await beginTurn('other', link)
  expect(await folders.beside('mine')).toMatchObject({ id: 'other', title: 'of other' })
})

test('[K-55] a start does not read who is where, and whoever asks right then waits for it', async () => {
  const { own, folders, create, asked } = scene()
  await create('a', own)
  folders.begin()
  expect(asked).toEqual([])
  const { sessions } = await folders.place(own)
  expect(sessions).toMatchObject([{ id: 'a', title: 'of a' }])
  expect(asked).toEqual(['list'])
})

test('[E-41] of a folder whose disk does not answer one look is under way, however often it is asked about', async () => {
  const { own, folders } = scene()
  const pipes = Array.from({ length: 4 }, (_, index) => join(own, `pipe${index}`))
  execFileSync('mkfifo', pipes)
  // Each keeps one of the four threads that look at files until somebody writes.
  const opening = pipes.map((pipe) => open(pipe, 'r'))
  const underWay = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'FSReqPromise').length
  const before = underWay()
  const asked = Array.from({ length: 3 }, () => folders.refusal(own))
  // Something else of this process may end in the same moment.
  expect(underWay() - before).toBeLessThanOrEqual(1)
  // For both directions it opens at once, whether or not its reader is there yet.
  const writing = pipes.map((pipe) => openSync(pipe, constants.O_RDWR))
  expect(await Promise.all(asked)).toEqual([undefined, undefined, undefined])
  for (const file of await Promise.all(opening)) await file.close()
  for (const file of writing) closeSync(file)
})
