import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitRepository } from './git-repository.ts'
import { alive, killHard, start, waitForExit } from './processes.ts'
import { removeFolder, temporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

const node = process.execPath

test('[T-4] a process is started, heard line by line, and its end is known', async () => {
  const script =
    "process.stdout.write('par'); setTimeout(() => { console.log('tial 42'); process.exit(3) }, 30)"
  const started = await start(node, ['-e', script])
  expect((await started.line(/partial (\d+)/))[1]).toBe('42')
  expect(await started.exited).toEqual({ code: 3, signal: undefined })
  expect(alive(started.pid)).toBe(false)
  await expect(started.line(/never/)).rejects.toThrow(
    /no line like \/never\/; it wrote:\npartial 42/,
  )
  await expect(start('/no/such/program', [])).rejects.toThrow('could not be started')
})

test('[T-4] killing hard ends the whole process group', async () => {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    console.log('child', child.pid)
    setInterval(() => {}, 1000)`
  const started = await start(node, ['-e', script])
  const child = Number((await started.line(/child (\d+)/))[1])
  expect([alive(started.pid), alive(child)]).toEqual([true, true])
  expect(await started.killHard()).toEqual({ code: undefined, signal: 'SIGKILL' })
  await waitForExit(child)
  killHard(started.pid)
})

test.each(['process.exit(0)', "process.kill(process.pid, 'SIGTERM')"])(
  '[T-4] processes and folders of a test are gone when its process ends by %s',
  async (end) => {
    const folder = temporaryFolder()
    const modules = ['processes.ts', 'temporary-folder.ts'].map((name) =>
      JSON.stringify(new URL(name, import.meta.url).href),
    )
    writeFileSync(
      join(folder, 'test.mjs'),
      `const { start } = await import(${modules[0]})
     const { temporaryFolder } = await import(${modules[1]})
     const started = await start(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
     console.log(JSON.stringify({ pid: started.pid, folder: temporaryFolder() }))
     ${end}`,
    )
    const outer = await start(node, [join(folder, 'test.mjs')])
    const left: { pid: number; folder: string } = JSON.parse((await outer.line(/^\{.*/))[0])
    await outer.exited
    await waitForExit(left.pid)
    expect(existsSync(left.folder)).toBe(false)
  },
)

test('[T-5] a process nobody has waited for is dead when it has ended', async () => {
  // The shell's child ends at once; the program that took the shell's place never asks for its exit code.
  const started = await start('sh', ['-c', 'sleep 0 & echo "child $!"; exec sleep 60'])
  const child = Number((await started.line(/child (\d+)/))[1])
  await waitForExit(child)
  expect(readFileSync(`/proc/${child}/stat`, 'utf8')).toContain(') Z ')
  await started.killHard()
})

test('[T-9] waiting gives the value, and in vain it fails with the sentence', async () => {
  let looks = 0
  expect(await waitFor(() => (++looks > 2 ? looks : undefined), 'three looks', 5000)).toBe(3)
  await expect(waitFor(() => false, 'pigs fly', 20)).rejects.toThrow(
    'waited 20 ms in vain: pigs fly',
  )
  await expect(
    waitFor(
      () => {
        throw new Error('at once')
      },
      'never asked again',
      5000,
    ),
  ).rejects.toThrow('at once')
})

test('[T-9] a repository is real, on main, and takes commits', () => {
  const repository = gitRepository()
  const commit = repository.commit('Third', { 'deep/new.txt': 'new' })
  expect(repository.git('log', '--format=%s')).toBe('Third\nSay it louder\nSay hello')
  expect(repository.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('main')
  expect(repository.git('show', `${commit}:deep/new.txt`)).toBe('new')
  expect(repository.git('status', '--porcelain')).toBe('')
  expect(() => repository.git('no-such-command')).toThrow('no-such-command')
  removeFolder(repository.path)
  expect(existsSync(repository.path)).toBe(false)
})
