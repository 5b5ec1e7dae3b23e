import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReportOf, Workspace } from '@belay/protocol'
import { gitRepository } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareWorkspace } from './workspace.ts'

let root: string
let steps: ReportOf<'step'>[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'belay-workspace-'))
  steps = []
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function prepare(workspace: Workspace, signal = new AbortController().signal) {
  const onStep = (step: ReportOf<'step'>) => steps.push(step)
  return prepareWorkspace({
    workspace,
    cloneFolder: join(root, 'clone'),
    env: process.env,
    signal,
    onStep,
  })
}

test('[R-17] a folder of the person is used as it is, on the branch it is on', async () => {
  const { path } = gitRepository()
  const before = readdirSync(path, { recursive: true })
  expect(await prepare({ type: 'folder', path })).toEqual({ folder: path, branch: 'main' })
  expect(readdirSync(path, { recursive: true })).toEqual(before)
  expect(await prepare({ type: 'folder', path: root })).toEqual({ folder: root, branch: undefined })
})

test('[R-18] what a cut clone left is made again from nothing; a complete one is left alone', async () => {
  const { path: url } = gitRepository()
  mkdirSync(join(root, 'clone', '.git'), { recursive: true })
  writeFileSync(join(root, 'clone', 'half'), '')
  expect(await prepare({ type: 'repository', url })).toEqual({
    folder: join(root, 'clone'),
    branch: 'main',
  })
  expect(readdirSync(join(root, 'clone')).toSorted()).toEqual(['.git', 'README.md', 'src'])
  writeFileSync(join(root, 'clone', 'mine'), '')
  await prepare({ type: 'repository', url })
  expect(existsSync(join(root, 'clone', 'mine'))).toBe(true)
})

test.each([
  ['$(touch hacked)'],
  ['; touch hacked'],
  ['ext::sh -c touch% hacked'],
  ['--upload-pack=touch hacked'],
])('[R-19] an address such as %j runs nothing', async (url) => {
  const marked = join(root, 'hacked')
  const prepared = await prepare({ type: 'repository', url: url.replace('hacked', marked) })
  expect(prepared).toMatchObject({ problem: { step: 'clone', code: 'clone-failed' } })
  expect(existsSync(marked)).toBe(false)
})

test('[R-18] a clone that is stopped is not complete', async () => {
  const { path: url } = gitRepository()
  const stop = new AbortController()
  const preparing = prepare({ type: 'repository', url }, stop.signal)
  stop.abort()
  expect(await preparing).toMatchObject({
    problem: { code: 'clone-failed', message: expect.stringContaining('stopped') },
  })
  expect(existsSync(join(root, 'clone', '.git', 'belay-complete'))).toBe(false)
})
