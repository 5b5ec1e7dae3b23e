import { seededRandom, seedFromEnv, seedLine } from '@belay/testing'
import { afterAll, expect, test } from 'vitest'
import { Checkpoints } from './checkpoints.ts'
import { openHere } from './testing/world/engine.ts'
import { Hosts } from './testing/world/hosts.ts'
import type { EngineOptions } from './testing/world/session.ts'
import { runSequences, seedsFrom, type Sequences, told } from './testing/world/sequences.ts'

/** Each is found again by its number; together they hold every kind of step and fault, which the test asserts. */
const fixed = { first: 1004, count: 10 }
/** How long fresh sequences go on; the fixed ones are run whatever they take. */
const freshMs = 20_000

/** Each waits half of its time. */
const beside = 2
/** Engines in processes of their own, which can be killed at any moment. */
const hosts = new Hosts()
const open = async (options: EngineOptions) => openHere(options, (given) => new Checkpoints(given))
afterAll(() => hosts.end())

/** What has to have happened in the fixed sequences, each at least so often. */
const wanted = {
  turn: 20,
  'restore before': 6,
  'restore after': 1,
  'restore undo': 1,
  'restore undone at once': 1,
  'restore with a choice': 1,
  'restore refused beside another': 1,
  'change by a person': 12,
  'change by an agent': 50,
  'checkpoint looked into': 2,
  'compared with Git': 1,
  'fault git-killed': 1,
  'fault stopped': 1,
  'fault runner-ended': 3,
  'fault clock-set': 1,
  'fault runner-killed': 2,
  'finish with a commit': 1,
} as const

function least(counts: Sequences['counts']): readonly string[] {
  return Object.entries(wanted)
    .filter(([kind, times]) => (counts.get(kind) ?? 0) < times)
    .map(([kind, times]) => `${kind}: ${counts.get(kind) ?? 0}, expected ${times}`)
}

test('[T-40] [T-131] whatever people, agents, Git and chance do to a folder, no act of Belay touches a byte of anybody else, in sequences that are the same each time', async () => {
  const done = await runSequences({
    seeds: seedsFrom(fixed.first, fixed.count),
    open,
    openKillable: hosts.open,
    beside,
  })
  expect(told(done)).toEqual([])
  expect(least(done.counts)).toEqual([])
}, 600_000)

/** What was left as it is and, by the model, need not have been: nothing is lost by it, and the model is not always right about it. */
function isLeft(line: string): boolean {
  return / stayed /.test(line)
}

test('[T-40] … and in fresh ones, where what stays is told here and judged by `npm run model`', async () => {
  const seed = seedFromEnv(process.env, Date.now())
  console.log(seedLine('checkpoints-model', seed))
  const until = performance.now() + freshMs
  const random = seededRandom(seed)
  const one = process.env['BELAY_SEED'] !== undefined
  const done = await runSequences({
    seeds: one ? [seed] : seedsFrom(random.integer(1_000_000, 2 ** 31), 10_000),
    open,
    openKillable: hosts.open,
    beside,
    isEnough: ({ count }) => count > 0 && performance.now() > until,
  })
  for (const line of told(done).filter(isLeft)) console.log(line)
  expect(told(done).filter((line) => !isLeft(line))).toEqual([])
  console.log(`${done.count} fresh sequences`)
}, 600_000)
