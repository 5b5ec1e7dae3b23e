import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { belayMain, start, temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { logBytesMax } from './server-log.ts'

async function up(dataFolder: string) {
  const server = await start(process.execPath, [
    belayMain,
    'up',
    '--port',
    '0',
    '--data',
    dataFolder,
  ])
  return { server, log: join(dataFolder, 'server.log') }
}

test('[E-21] a server logs to its folder for its owner alone, and stdout is left to the link', async () => {
  const { server, log } = await up(temporaryFolder('log'))
  const [, url] = await server.line(/(http:\/\/\S+)\/#token=/)
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ url }])
  expect(statSync(log).mode & 0o777).toBe(0o600)
  expect(server.stdout()).not.toContain('"level"')
  const token = /#token=(\S+)/.exec(server.stdout())?.[1] ?? 'no token'
  expect(readFileSync(log, 'utf8')).not.toContain(token)
  server.signal('SIGINT')
  expect(await server.exited).toMatchObject({ code: 0 })
})

test('[E-21] a large log is put aside at a start, and not while another server writes it', async () => {
  const folder = temporaryFolder('large-log')
  const path = join(folder, 'server.log')
  writeFileSync(`${path}.old`, 'older')
  writeFileSync(path, 'x')
  truncateSync(path, logBytesMax + 1)
  const first = await up(folder)
  await first.server.line(/#token=/)
  expect(statSync(`${path}.old`).size).toBe(logBytesMax + 1)
  expect(readFileSync(path, 'utf8')).toContain('server is up')
  truncateSync(path, logBytesMax + 1)
  const second = await up(folder)
  expect(await second.server.exited).toMatchObject({ code: 1 })
  expect(second.server.stderr()).toContain('is served by another server')
  expect(statSync(path).size).toBeGreaterThan(logBytesMax)
  first.server.signal('SIGINT')
  await first.server.exited
})

test('[E-21] a log that cannot be written is said in one sentence', async () => {
  const folder = temporaryFolder('no-log')
  mkdirSync(join(folder, 'server.log'))
  const { server } = await up(folder)
  expect(await server.exited).toMatchObject({ code: 1 })
  expect(server.stderr()).toContain('server.log')
  expect(server.stderr()).not.toMatch(/\n\s+at /)
  expect(existsSync(join(folder, 'server.json'))).toBe(false)
})

test('[E-51] a fault of the server itself is in its log before it ends', async () => {
  const folder = temporaryFolder('crash')
  const planted = `data:text/javascript,${encodeURIComponent(
    "import { existsSync } from 'node:fs'; const t = setInterval(() => { if (existsSync(process.env.PLANT)) throw new Error('a planted fault') }, 50); t.unref()",
  )}`
  const plant = join(folder, 'plant')
  const server = await start(
    process.execPath,
    ['--import', planted, belayMain, 'up', '--port', '0', '--data', folder],
    { env: { ...process.env, PLANT: plant } },
  )
  await server.line(/#token=/)
  writeFileSync(plant, '')
  expect(await server.exited).toMatchObject({ code: 1 })
  const last = readFileSync(join(folder, 'server.log'), 'utf8').trim().split('\n').at(-1) ?? ''
  expect(JSON.parse(last)).toMatchObject({
    level: 60,
    error: expect.stringContaining('a planted fault'),
  })
  expect(server.stderr()).toContain('a planted fault')
})
