import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { gitRepository, temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import type { Input } from '../input.ts'
import { Hands } from './hands.ts'

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }

/** The hands of a runner, and what they say. */
function handsIn(data: string) {
  const inputs: Input[] = []
  const runnerFolder = join(data, 'runners', 'one')
  mkdirSync(runnerFolder, { recursive: true })
  const workspaceFolder = join(data, 'workspaces', 'one')
  const hands = new Hands({
    config: {
      session: 'one',
      generation: 1,
      token: 't',
      dataFolder: data,
      runnerFolder,
      workspaceFolder,
      version: '0',
      demoCommand: [],
      bounds: deadlines,
      diskFreeBytesMin: 0,
    },
    env,
    feed: (input) => inputs.push(input),
  })
  return { hands, inputs, workspaceFolder }
}

test('[R-106] a commit of a session whose worktree is of a folder inside the repository has each file in its place', async () => {
  const repository = gitRepository()
  repository.commit('Files', { 'sub/a': 'a\n', b: 'b\n' })
  const { hands, inputs, workspaceFolder } = handsIn(temporaryFolder('data'))
  await hands.prepare({
    type: 'prepare-workspace',
    workspace: { type: 'folder', path: join(repository.path, 'sub'), worktree: true },
    agent: { name: 'demo' },
    setup: [],
    token: undefined,
  })
  expect(inputs.at(-1)).toEqual({ type: 'workspace-ready' })
  expect(hands.place?.folder).toBe(join(workspaceFolder, 'sub'))
  await hands.save({ type: 'save', turn: 1, at: 'before', hurried: false })
  writeFileSync(join(workspaceFolder, 'sub/a'), 'turned\n')
  writeFileSync(join(workspaceFolder, 'b'), 'turned\n')
  await hands.save({ type: 'save', turn: 1, at: 'after', hurried: false })
  await hands.commit({ type: 'commit', turn: 1, text: 'A change', finish: { commit: true } })
  const here = (...args: readonly string[]) =>
    execFileSync('git', ['-C', workspaceFolder, ...args], { encoding: 'utf8', env })
  expect(inputs.at(-1)).toMatchObject({
    type: 'committed',
    result: { commit: here('rev-parse', 'HEAD').trim() },
  })
  expect(here('show', '--name-only', '--format=', 'HEAD').split('\n')).toEqual(['b', 'sub/a', ''])
  expect(here('status', '--porcelain')).toBe('')
  expect(readFileSync(join(workspaceFolder, 'sub/a'), 'utf8')).toBe('turned\n')
  hands.close()
})
