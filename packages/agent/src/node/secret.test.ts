import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adapterOf } from './adapters.ts'
import { handshake } from './handshake.ts'
import { readServers, readValues } from './secret.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-secret-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('[A-81] secrets are read from a variable or a file at the start', () => {
  const file = join(home, 'key')
  writeFileSync(file, 'from file\n')
  const env = { MY_KEY: 'from variable', HOME: home }
  expect(
    readValues({ A: 'plain', B: { env: 'MY_KEY' }, C: { file }, D: { file: '~/key' } }, env),
  ).toEqual({ A: 'plain', B: 'from variable', C: 'from file', D: 'from file' })
  expect(
    readServers(
      [
        { name: 'one', command: 'c', args: [], env: { T: { env: 'MY_KEY' } } },
        { type: 'http', name: 'two', url: 'http://x/', headers: { auth: { file } } },
      ],
      env,
    ),
  ).toEqual([
    { name: 'one', command: 'c', args: [], env: [{ name: 'T', value: 'from variable' }] },
    {
      type: 'http',
      name: 'two',
      url: 'http://x/',
      headers: [{ name: 'auth', value: 'from file' }],
    },
  ])
})

test('[A-81] one that is not there is told by its name and its place', () => {
  expect(() => readValues({ KEY: { env: 'NOT_SET' } }, {})).toThrow(
    'KEY is to come from the variable NOT_SET, which is not set where the server runs',
  )
  expect(() => readValues({ KEY: { file: '/no/such' } }, {})).toThrow(
    'KEY is to come from the file /no/such, which cannot be read (ENOENT).',
  )
  const large = join(home, 'large')
  writeFileSync(large, 'sk-secret'.repeat(10_000))
  expect(() => readValues({ KEY: { file: large } }, {})).toThrow(/too large for a secret\.$/)
})

const agent = (script: string) => ({
  run: { command: process.execPath, args: ['-e', script] },
  name: 'x',
  title: 'X',
  demo: false,
  protocol: 'acp' as const,
  settings: {},
})
const env = { PATH: process.env['PATH'] }

test('[A-82] an agent that never answers is ended within the limit', async () => {
  const answer = await handshake(agent('setInterval(() => {}, 1000)'), {
    adapter: adapterOf('acp'),
    env,
    version: '0',
    msMax: 300,
  })
  expect(answer).toMatchObject({ failure: { code: 'timeout' } })
})

test('[A-82] an agent that ends says why', async () => {
  const answer = await handshake(agent('console.error("no licence"); process.exit(3)'), {
    adapter: adapterOf('acp'),
    env,
    version: '0',
    msMax: 20_000,
  })
  expect(answer).toMatchObject({
    failure: { message: 'The agent stopped by itself (exit code 3). Its last words: no licence' },
  })
})
