import { temporaryFolder } from '@belay/testing/node'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { Unanswered } from './git.ts'
import { GitPipe } from './git-pipe.ts'
import { programsEnded } from './program.ts'

function pipeOf(folder: string, args: readonly string[]): GitPipe {
  const { signal } = new AbortController()
  return new GitPipe(['-C', folder, ...args], { env: process.env, variables: {}, signal })
}

function repository(): string {
  const folder = temporaryFolder('pipe')
  execFileSync('git', ['init', '--quiet', folder])
  return folder
}

test('[R-31] a git that is fed counts among what runs, until it was stopped', async () => {
  const pipe = pipeOf(repository(), ['cat-file', '--batch-check'])
  await pipe.write('HEAD\n')
  expect((await pipe.readUntil(10)).toString()).toBe('HEAD missing\n')
  let isOver = false
  const ended = programsEnded().then(() => (isOver = true))
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  pipe.kill()
  await ended
  await expect(pipe.write('HEAD\n')).rejects.toThrow('it was stopped.')
})

test('[R-35] one that cannot do what it is asked says why', async () => {
  const pipe = pipeOf(repository(), ['ls-tree', 'nothing'])
  expect((await pipe.all()).length).toBe(0)
  expect((await pipe.end())?.message).toBe('Not a valid object name nothing')
  expect(pipe.code).toBe(128)
})

test('[R-35] one that is stopped before it began, killed, or gone says which', async () => {
  const stopped = new GitPipe(['version'], {
    env: process.env,
    variables: {},
    signal: AbortSignal.abort(),
  })
  await expect(stopped.write('x')).rejects.toThrow('it was stopped.')
  const killed = pipeOf(repository(), ['-c', 'alias.die=!kill -9 $PPID; sleep 5', 'die'])
  await expect(killed.readUntil(10)).rejects.toThrow('git was ended by SIGKILL.')
  await expect(killed.write('x')).rejects.toBeInstanceOf(Unanswered)
  const gone = pipeOf(repository(), ['version'])
  expect((await gone.readUntil(10)).toString()).toContain('git version')
  await expect(gone.readUntil(10)).rejects.toThrow('git ended before its work was done.')
})

test('[R-35] one that cannot be started says so', async () => {
  const long = pipeOf(repository(), ['x'.repeat(2 ** 22)])
  await expect(long.write('x')).rejects.toThrow('git could not be started: spawn E2BIG')
})
