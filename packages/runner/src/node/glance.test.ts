import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { temporaryFolder } from '@belay/testing/node'
import { describe, expect, test } from 'vitest'
import { nameOf } from '../tree/name.ts'
import { glanceAt, layOut, note } from './glance-part.ts'
import { type Expected, Glance } from './glance.ts'
import { pathOf } from './path-of.ts'
import { outside } from './reading.ts'

const count = 3000
const odd = nameOf('grün.txt')

/** Many files in two folders, and how all of it looks. */
function filled(): { readonly folder: string; readonly expected: readonly Expected[] } {
  const folder = temporaryFolder('glance')
  mkdirSync(join(folder, 'a'))
  mkdirSync(join(folder, 'b'))
  const names = ['', 'a/', 'b/', odd]
  for (let index = 0; index < count; index++) names.push(`${index % 2 ? 'a' : 'b'}/${index}`)
  for (const name of names.slice(3)) writeFileSync(pathOf(folder, name), 'x')
  const expected = names.map((name) => ({ name, outside: outside(pathOf(folder, name)) }))
  return { folder, expected }
}

describe.each([
  ['alone', Number.POSITIVE_INFINITY],
  ['with a second thread', 1],
])('a glance %s', (_, threadNamesMin) => {
  test('[R-275] tells what looks otherwise, is gone or was never sure, and nothing else', async () => {
    const { folder, expected } = filled()
    const glance = new Glance(folder, { threadNamesMin })
    await glance.expect(expected)
    for (let round = 0; round < 20; round++) expect(await glance.otherwise()).toEqual([])
    writeFileSync(join(folder, 'a/1'), 'y')
    chmodSync(join(folder, 'b/2'), 0o600)
    utimesSync(join(folder, 'a/3'), 1, 1)
    writeFileSync(join(folder, 'b/other'), 'x')
    renameSync(join(folder, 'b/other'), join(folder, 'b/4'))
    rmSync(join(folder, 'a/2999'))
    symlinkSync('nowhere', join(folder, 'a/2999'))
    rmSync(join(folder, 'b/2998'))
    rmSync(pathOf(folder, odd))
    glance.renew({ name: 'a/77', outside: undefined })
    const other = ['', 'a/', 'b/', odd, 'a/1', 'b/2', 'a/3', 'b/4', 'a/77', 'b/2998', 'a/2999']
    for (let round = 0; round < 20; round++)
      expect(new Set(await glance.otherwise())).toEqual(new Set(other))
    for (const name of other) glance.renew({ name, outside: outside(pathOf(folder, name)) })
    // What is not there looks as nothing does.
    expect(await glance.otherwise()).toEqual([odd, 'b/2998'])
    glance.close()
  })

  test('[R-275] a glance is whole when its second thread ends in the middle of it', async () => {
    const { folder, expected } = filled()
    writeFileSync(join(folder, 'a/1'), 'yy')
    writeFileSync(join(folder, 'a/2999'), 'yy')
    for (let round = 0; round < 10; round++) {
      const glance = new Glance(folder, { threadNamesMin })
      await glance.expect(expected)
      // Once it is there for sure, and once it has not begun.
      if (round % 2 === 0) await glance.otherwise()
      const other = glance.otherwise()
      glance.close()
      expect(await other).toEqual(['a/1', 'a/2999'])
      expect(await glance.otherwise()).toEqual(['a/1', 'a/2999'])
    }
  })

  test('[R-275] what is expected may change in number and place', async () => {
    const { folder, expected } = filled()
    const glance = new Glance(folder, { threadNamesMin })
    for (let round = 0; round < 5; round++) {
      await glance.expect(expected.slice(round * 100))
      expect(await glance.otherwise()).toEqual([])
      await glance.expect([...expected.slice(0, 10), { name: 'none', outside: undefined }])
      expect(await glance.otherwise()).toEqual(['none'])
    }
    glance.close()
  })
})

test('[R-275] the second thread takes its part', async () => {
  const { folder, expected } = filled()
  const work = layOut(expected.map(({ name }) => pathOf(folder, name)))
  for (const [place, one] of expected.entries()) note(work, place, one.outside)
  writeFileSync(join(folder, 'a/1'), 'yy')
  const thread = new Worker(new URL('glance-thread.ts', import.meta.url))
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  for (const word of [work, 'glance']) thread.postMessage(word)
  await new Promise((done, fail) => thread.once('message', done).once('error', fail))
  expect(work.counts[1]).toBe(expected.length)
  expect(expected.filter((_, place) => work.other[place] === 1).map(({ name }) => name)).toEqual([
    'a/1',
  ])
  expect(glanceAt(work)).toBe(false)
  await thread.terminate()
})
