/** What a server takes, keeps and shows of a repository's address, its user and its token. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { belayMain, start, temporaryFolder } from '@belay/testing/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../cli/program.ts'
import { testWorld } from '../cli/test-world.ts'
import { type PlayedServer, servePlayed } from '../e2e/played-server.ts'

const secret = 's3cr3tvalue'

/** Every file of a folder as it lies on the disk. */
function filesHolding(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => readFileSync(path).includes(text))
}

describe('a server whose log is written', () => {
  const dataFolder = temporaryFolder('secrets')
  let url: string
  let token: string
  let server: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    const args = [belayMain, 'up', '--port', '0', '--data', dataFolder]
    server = await start(process.execPath, args)
    const [, at = '', opens = ''] = await server.line(/(http:\/\/\S+)\/#token=(\S+)/)
    url = at
    token = opens
  })
  afterAll(async () => {
    server.signal('SIGTERM')
    await server.exited
  })
  async function create(workspace: unknown, more: object = {}) {
    const response = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ agent: { name: 'demo' }, workspace, ...more }),
    })
    return { status: response.status, text: await response.text() }
  }

  test.each([
    ['a password', { type: 'repository', url: `https://x:${secret}@h.example/a` }],
    ['a user name', { type: 'repository', url: `https://${secret}@h.example/a` }],
    ['a query', { type: 'repository', url: `https://h.example/a?token=${secret}` }],
    ['a token beside it too', { type: 'repository', url: `https://x:${secret}@h`, token: secret }],
    ['no known type', { type: 'repo', url: `https://x:${secret}@h.example/a` }],
    ['the type of a folder', { type: 'folder', url: `https://x:${secret}@h.example/a` }],
    ['its place in the path', { type: 'folder', path: `https://x:${secret}@h.example/a` }],
    ['its end in the branch', { type: 'repository', url: '/a', branch: `token=${secret}` }],
    ['a field nobody knows', { type: 'repository', url: '/a', password: secret }],
    ['a token for its user', { type: 'repository', url: '/a', user: `ghp_${secret}` }],
    ['a name and a password for its user', { type: 'repository', url: '/a', user: `me:${secret}` }],
    ['a list around it', [`https://x:${secret}@h.example/a`]],
    ['nothing around it', `https://x:${secret}@h.example/a`],
  ])('[K-40] an address with %s is refused without a word of it', async (_, workspace) => {
    const { status, text } = await create(workspace)
    expect(status).toBe(400)
    expect(text).not.toContain(secret)
    expect(text).toContain('"fields":[{')
  })

  test('[K-40] a refusal says what to do, and keeps saying what came where nothing is secret', async () => {
    const given = await create({ type: 'repository', url: `https://x:${secret}@h.example/a` })
    expect(JSON.parse(given.text).error.message).toMatch(/as "token".*as "user" beside it/)
    const relative = await create({ type: 'folder', path: 'project' })
    expect(JSON.parse(relative.text).error.fields[0].got).toBe('"project"')
    const beside = await create({ type: 'folder', path: '/a' }, { setup: `curl x:${secret}@h` })
    expect(beside.text).not.toContain(secret)
  })

  test('[K-40] the command line repeats nothing of it either, and nothing of it is on the disk', async () => {
    const world = testWorld()
    for (const address of [
      `https://x:${secret}@h.example/a#main`,
      `https://h.example/a#token=${secret}`,
      `https://h.example/a?${secret}`,
    ])
      // oxlint-disable-next-line no-await-in-loop
      expect(await runCli(['run', 'x', '--repo', address, '--data', dataFolder], world)).toBe(1)
    expect(world.told()).toContain('as "token"')
    expect(world.told() + world.written()).not.toContain(secret)
    expect(filesHolding(dataFolder, token)).not.toEqual([])
    expect(filesHolding(dataFolder, secret)).toEqual([])
  })
})

describe('a server whose runner is played', () => {
  let server: PlayedServer
  beforeAll(async () => {
    server = await servePlayed('repository-user')
  })
  afterAll(() => server.close())

  test('[K-41] the user of a token goes to the runner with it, is shown, and may be given anew', async () => {
    const { client, dataFolder } = server
    const workspace = { type: 'repository', url: 'https://h.example/a.git', user: 'ann' } as const
    const { session } = await client.call('createSession', {
      agent: { command: 'played' },
      workspace: { ...workspace, token: secret },
    })
    const first = await server.dial(session.id)
    expect([...first.commands.values()]).toMatchObject([{ workspace, token: secret }])
    const step = { type: 'step', step: 'clone', status: 'started' } as const
    const message = 'It was not let in.'
    await first.report(step, {
      type: 'prepare-failed',
      step: 'clone',
      code: 'clone-failed',
      message,
    })
    first.end()
    const again = await client.call('retry', {
      id: session.id,
      workspace: { ...workspace, user: 'bob' },
    })
    expect(again.workspace).toEqual({ ...workspace, user: 'bob' })
    const second = await server.dial(session.id, { generation: 2 })
    // The token stays that of the address.
    expect([...second.commands.values()]).toMatchObject([
      { workspace: { user: 'bob' }, token: secret },
    ])
    second.end()
    const { events } = await client.call('events', { id: session.id })
    expect(JSON.stringify([again, events])).not.toContain(secret)
    expect(filesHolding(dataFolder, secret)).toEqual([])
  })
})
