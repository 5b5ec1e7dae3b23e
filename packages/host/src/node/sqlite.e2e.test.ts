import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { Scene } from '../scene.ts'
import { openNodeStorage } from './sqlite.ts'

const program = fileURLToPath(new URL('./counter-process.ts', import.meta.url))
/** Starts a counting process and kills it after so many facts have left it. @returns the facts */
async function countAndKill(folder: string, actors: number, facts: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, folder, String(actors)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  let lines = 0
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (data: string) => {
    output += data
    lines += data.split('\n').length - 1
    if (lines >= facts) child.kill('SIGKILL')
  })
  const signal = await new Promise((resolve) => {
    child.on('close', (_, by) => resolve(by))
  })
  expect(signal).toBe('SIGKILL')
  return output.split('\n').slice(0, -1)
}

/** The largest number a kind of fact was told of an actor. */
function largest(facts: readonly string[], kind: string, id: string): number {
  const numbers = facts
    .map((fact) => fact.split(' '))
    .filter(([said, of]) => said === kind && of === id)
    .map(([, , number]) => Number(number))
  return Math.max(0, ...numbers)
}

test('[H-6] a process killed in the middle of commits keeps all that left it, 12 times over', async () => {
  const folder = temporaryFolder('host')
  const actors = 5
  const seed = Date.now() % 1_000_000
  let random = seed
  let unanswered = 0
  const totals = Array.from({ length: actors }, () => 0)
  for (let kill = 0; kill < 12; kill += 1) {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31
    const facts = await countAndKill(folder, actors, 1 + (random % 400))
    const scene = new Scene({ storage: openNodeStorage({ folder }) })
    scene.host.start()
    for (let index = 0; index < actors; index += 1) {
      const id = `actor-${index}`
      const numbers = scene.entries(id).map(({ seq }) => seq)
      const where = `seed ${seed}, kill ${kill}, ${id}`
      expect(numbers, where).toEqual(numbers.map((_, at) => at + 1))
      expect(scene.host.read(id).count, where).toEqual({
        total: numbers.length,
        seq: numbers.length,
      })
      for (const kind of ['reply', 'effect', 'must', 'watch']) {
        expect(numbers.length, `${where}, ${kind}`).toBeGreaterThanOrEqual(largest(facts, kind, id))
      }
      const before = totals[index] ?? 0
      expect(numbers.length, where).toBeGreaterThanOrEqual(before)
      totals[index] = numbers.length
      unanswered += numbers.length - Math.max(before, largest(facts, 'reply', id))
      // The outbox of the last whole turn is performed again.
      const words = scene.performed.filter((each) => each.id === id).map(({ word }) => word)
      expect(words, where).toEqual(numbers.length === 0 ? [] : [String(numbers.length)])
    }
    scene.host.stop()
  }
  expect(Math.min(...totals), `seed ${seed}`).toBeGreaterThan(0)
  expect(unanswered, `seed ${seed}: no kill came between a commit and its reply`).toBeGreaterThan(0)
})

test('[H-7] a process that may not write more says why and ends, and nothing it said is lost', () => {
  const folder = temporaryFolder('host')
  // The limit is in blocks of 512 or 1,024 bytes, whichever the shell takes.
  const command = 'ulimit -f 600; exec "$@"'
  const args = ['-c', command, 'sh', process.execPath, program, folder, '3']
  const { status, stdout, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8' })
  expect(stderr).toContain('the host is stopped because its store failed')
  expect(status).toBe(70)
  const facts = stdout.split('\n')
  const scene = new Scene({ storage: openNodeStorage({ folder }) })
  for (const id of ['actor-0', 'actor-1', 'actor-2']) {
    const said = largest(facts, 'reply', id)
    expect(said).toBeGreaterThan(0)
    expect(scene.entries(id).length).toBeGreaterThanOrEqual(said)
    // Nothing of the turn that failed was performed.
    expect(largest(facts, 'effect', id)).toBeLessThanOrEqual(scene.entries(id).length)
  }
  scene.host.stop()
})
