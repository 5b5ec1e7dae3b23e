import type { LogEntry } from '@belay/testing'
import { resolve } from 'node:path'
import {
  serverFolder,
  start,
  startViewerServer,
  type ViewerServer,
  waitFor,
} from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'

const bin = resolve(import.meta.dirname, '../../bin/belay.mjs')
let server: ViewerServer
let env: NodeJS.ProcessEnv

beforeEach(async () => {
  server = await startViewerServer()
  server.agents = [{ name: 'real', title: 'Real', demo: false, found: true, missing: [] }]
  env = { ...process.env, BELAY_DATA: serverFolder(server) }
})
afterEach(() => server.stop())

function belay(...args: string[]) {
  return start(process.execPath, [bin, ...args], { env })
}

function say(text: string): LogEntry {
  return { type: 'text', turn: 1, text }
}

test('[V-62] a real Ctrl-C leaves with 130 and touches nothing', async () => {
  server.onPrompt = (session, { promptId }) =>
    session.append({ type: 'turn-started', turn: 1, promptId, generation: 1 }, say('at work'))
  const run = await belay('run', 'do it')
  await waitFor(() => run.stdout().includes('at work'), 'the turn', 20_000)
  run.signal('SIGINT')
  expect(await run.exited).toEqual({ code: 130, signal: undefined })
  expect(run.stderr()).toContain('belay attach')
  expect(server.asked.some(({ route }) => route === 'interrupt')).toBe(false)
})

test('[V-70] what is not a terminal gets no colours', async () => {
  server.create('s1').append(say('hello'), {
    type: 'tool',
    turn: 1,
    toolCallId: 't',
    title: 'Edit',
    status: 'completed',
    content: [{ type: 'diff', path: 'a', oldText: '', newText: 'b' }],
  })
  const attach = await belay('attach', 's1', '--until-idle')
  expect(await attach.exited).toEqual({ code: 0, signal: undefined })
  expect(attach.stdout()).toBe('hello\n✓ Edit 0.0 s\n  a:1\n  + b\n')
  expect(attach.stdout() + attach.stderr()).not.toContain('\u001B')
})

test('[V-75] a reader that has enough ends the command quietly', async () => {
  const session = server.create('s1')
  for (let index = 0; index < 2000; index++) session.append(say('x'.repeat(200)))
  const script = `"${process.execPath}" "${bin}" log s1 | head -n 1`
  const piped = await start('/bin/bash', ['-o', 'pipefail', '-c', script], { env })
  expect(await piped.exited).toEqual({ code: 0, signal: undefined })
  expect(piped.stdout().split('\n')).toHaveLength(2)
  expect(piped.stderr()).toBe('')
})

test('[V-76] on an older Node the command is run again by the one that is installed with Belay', async () => {
  // Only the first process believes that it is old: what it starts is the real one.
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })`
  const again = await start(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(old)}`, bin, 'attach', 'nobody'],
    { env },
  )
  expect(await again.exited).toEqual({ code: 2, signal: undefined })
  expect(again.stderr()).toBe('No session begins with "nobody": see "belay ls".\n')
})

test('[V-73] a server that cannot start says why in one sentence', async () => {
  const port = new URL(server.url).port
  const taken = await belay('up', '--port', port)
  expect(await taken.exited).toEqual({ code: 1, signal: undefined })
  expect(taken.stderr()).toMatch(/^Port \d+ of 127\.0\.0\.1 is in use by another program: .*\n$/)
  const nowhere = await belay('up', '--port', '0', '--host', 'no.such.host.invalid')
  expect(await nowhere.exited).toEqual({ code: 1, signal: undefined })
  expect(nowhere.stderr()).toMatch(/^This machine has no address "no\.such\.host\.invalid" .*\n$/)
})
