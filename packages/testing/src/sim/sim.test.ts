/**
 * The simulator at work: what it plays is played, what it promises is kept, and what is planted is found.
 *
 * A failure prints its seed; `npm run sim -- --seed N` tells that run again, line by line.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerHostContract } from '@belay/host/contract'
import { describe, expect, test } from 'vitest'
import { seedFromEnv, seedLine } from '../random.ts'
import { type FaultKind, faultKinds } from './fault-kinds.ts'
import { GrowingFile } from './machine.ts'
import { Pipe } from './pipe.ts'
import { plantable, type Planted } from './planted.ts'
import { Process } from './process.ts'
import { type Outcome, simulate, type SimulateOptions } from './simulate.ts'
import { type Check, Stage } from './stage.ts'
import { Disk } from './storage.ts'

const fixedRuns = 160
const freshMs = 5000
const freshRunsMax = 400

interface Story {
  readonly seed: number
  readonly story: string
}

const stories: readonly Story[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'seeds.json'), 'utf8'),
)

/** @returns what a person needs to see it again, or nothing when all is well */
function complaint({ seed, broken }: Outcome): string | undefined {
  return broken && `seed ${seed}: ${broken.check}: ${broken.sentence}`
}

describe('the promises', () => {
  test('[Z-2] [Z-3] over fixed runs with faults of every kind every promise is kept', async () => {
    const fired = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]))
    const endings = new Set<string>()
    let prompts = 0
    let events = 0
    for (let seed = 1; seed <= fixedRuns; seed += 1) {
      const outcome = await simulate({ seed })
      expect(complaint(outcome)).toBeUndefined()
      for (const [kind, count] of outcome.fired) fired.set(kind, (fired.get(kind) ?? 0) + count)
      for (const code of outcome.endings.keys()) endings.add(code)
      prompts += outcome.prompts
      events += outcome.events
    }
    expect([...fired].filter(([, count]) => count === 0)).toEqual([])
    expect(prompts).toBeGreaterThan(fixedRuns * 5)
    expect(events).toBeGreaterThan(fixedRuns * 40)
    const wanted = ['end-turn', 'interrupted', 'interrupt-forced', 'agent-exited', 'agent-error']
    const rarer = ['runner-exited', 'in-doubt', 'no-progress', 'agent-start-failed']
    expect([...wanted, ...rarer].filter((code) => !endings.has(code))).toEqual([])
  }, 400_000)

  test('[Z-2] over fresh runs every promise is kept', async () => {
    const first = seedFromEnv(process.env, Date.now())
    console.info(seedLine('simulator', first))
    const until = performance.now() + freshMs
    let runs = 0
    for (; runs < freshRunsMax && (runs < 5 || performance.now() < until); runs += 1) {
      const outcome = await simulate({ seed: (first + runs) % 2 ** 32 })
      expect(complaint(outcome)).toBeUndefined()
    }
    console.info(`simulator: ${runs} fresh runs`)
  }, 120_000)

  test.each(stories.map(({ seed, story }) => [seed, story] as const))(
    '[Z-5] seed %i, %s',
    async (seed) => {
      expect(complaint(await simulate({ seed }))).toBeUndefined()
    },
  )

  test('[Z-5] every seed that is kept has its story, once', () => {
    expect(new Set(stories.map(({ seed }) => seed)).size).toBe(stories.length)
    for (const { story } of stories) expect(story).toMatch(/^[a-z].{40,}[^.]$/s)
  })
})

/** The world in which a planted defect shows soon, and what finds it there. */
interface Tooth {
  readonly found: readonly Check[]
  readonly faults: readonly FaultKind[]
  readonly faultMsMax: number
}

const runsMax = 100
const network: readonly FaultKind[] = ['delay', 'one-way', 'half-open', 'partition', 'reset']

const teeth: Readonly<Record<Planted, Tooth>> = {
  'clear-without-compare': {
    found: ['true-end'],
    faults: ['delay', 'half-open', 'reset'],
    faultMsMax: 1500,
  },
  'no-generation-check': {
    found: ['channel', 'acked-is-stored', 'true-words'],
    faults: network,
    faultMsMax: 1500,
  },
  'effect-before-commit': {
    found: ['channel', 'prompt-once'],
    faults: ['commit-fails'],
    faultMsMax: 3000,
  },
  'ack-before-fsync': {
    found: ['dense-log', 'acked-is-stored', 'kept', 'seen', 'answers'],
    faults: ['power-loss'],
    faultMsMax: 1500,
  },
  'signal-moves-cursor': { found: ['cursor'], faults: [], faultMsMax: 1500 },
  'ready-early': { found: ['ready'], faults: [], faultMsMax: 1500 },
  'timer-in-memory': {
    found: ['stuck'],
    faults: ['server-stop', 'agent-hangs', 'workspace-hangs'],
    faultMsMax: 8000,
  },
  'grace-not-rechecked': {
    found: ['true-end'],
    faults: ['server-kill', ...network],
    faultMsMax: 3000,
  },
  'duplicate-not-dropped': {
    found: ['channel', 'true-words'],
    faults: ['duplicate'],
    faultMsMax: 1500,
  },
  'queue-not-held': {
    found: ['undecided'],
    faults: ['agent-errs', 'agent-crashes'],
    faultMsMax: 1500,
  },
  'failure-passed-over': {
    found: ['undecided'],
    faults: ['agent-errs', 'agent-crashes'],
    faultMsMax: 1500,
  },
  'clock-believed': { found: ['true-end'], faults: ['clock-jumped'], faultMsMax: 3000 },
  'full-disk-unnoticed': {
    found: ['dense-log', 'acked-is-stored', 'kept', 'seen', 'answers', 'channel', 'prompt-once'],
    faults: ['disk-full', 'server-kill'],
    faultMsMax: 3000,
  },
  'effect-tried-once': {
    found: ['stuck', 'deleted'],
    faults: ['effect-refused'],
    faultMsMax: 1500,
  },
  'refused-as-done': { found: ['deleted'], faults: ['effect-refused'], faultMsMax: 1500 },
  'fault-unsaid': { found: ['true-end'], faults: ['throw-in-listener'], faultMsMax: 3000 },
  'turn-beside-checkpoint': { found: ['checkpoint'], faults: [], faultMsMax: 1500 },
  'interrupt-leaks': { found: ['true-end'], faults: ['delay', 'one-way'], faultMsMax: 1500 },
}

describe('its teeth', () => {
  test.each(plantable.map((planted) => [planted, teeth[planted]] as const))(
    '[Z-6] %s is found',
    async (planted, { found, faults, faultMsMax }) => {
      const plan: SimulateOptions['plan'] = {
        faults: new Set(faults),
        faultMsMax,
        personMsMax: 1500,
        stormMs: 60_000,
      }
      for (let seed = 1; seed <= runsMax; seed += 1) {
        const { broken } = await simulate({ seed, planted, plan })
        if (broken === undefined) continue
        console.info(`${planted}: seed ${seed}: ${broken.check}: ${broken.sentence}`)
        expect(found).toContain(broken.check)
        // Without the defect the same run keeps every promise.
        expect(complaint(await simulate({ seed, plan }))).toBeUndefined()
        return
      }
      expect.fail(`${planted} was not found in ${runsMax} runs`)
    },
    60_000,
  )
})

describe('the world', () => {
  test('[Z-1] the same seed is the same run, line by line', async () => {
    const tell = async (seed: number) => {
      const lines: string[] = []
      const { steps } = await simulate({ seed, onLine: (line) => lines.push(line) })
      return { steps, lines }
    }
    for (const seed of [3, 7, 24]) {
      const first = await tell(seed)
      expect(await tell(seed)).toEqual(first)
      expect(first.lines.length).toBeGreaterThan(30)
    }
    expect((await tell(3)).lines).not.toEqual((await tell(4)).lines)
  })

  test('[Z-7] a way keeps its order through every delay, and holds everything back while it is frozen', () => {
    const stage = new Stage({ seed: 1 })
    const came: number[] = []
    const pipe = new Pipe<number>(stage, 50, (item) => came.push(item))
    const sent = Array.from({ length: 100 }, (_, index) => index)
    for (const item of sent.slice(0, 50)) pipe.push(item)
    for (let steps = 0; steps < 10; steps += 1) stage.timeline.step()
    pipe.freeze(stage.now + 1000)
    const before = came.length
    for (const item of sent.slice(50)) pipe.push(item)
    stage.timeline.after(999, () => expect(came.length).toBe(before))
    while (stage.timeline.step());
    expect(came).toEqual(sent)
    pipe.freeze(Infinity)
    pipe.push(1)
    pipe.push(2)
    pipe.drop(1)
    expect(stage.timeline.step()).toBe(false)
    pipe.thaw()
    while (stage.timeline.step());
    expect(came).toEqual([...sent, 1])
  })

  test('[Z-8] a power cut keeps what was synced and a beginning of the rest', () => {
    let torn = 0
    for (let seed = 0; seed < 50; seed += 1) {
      const stage = new Stage({ seed })
      const file = new GrowingFile()
      file.append('one\n')
      file.sync()
      file.append('two\nthree\n')
      const lost = file.cut(stage)
      expect('one\ntwo\nthree\n'.startsWith(file.text)).toBe(true)
      expect(file.text.startsWith('one\n')).toBe(true)
      expect(lost).toBe(file.text !== 'one\ntwo\nthree\n')
      torn += stage.fired.get('torn-tail') ?? 0
    }
    expect(torn).toBeGreaterThan(10)
  })

  test('[Z-9] a dead process hears nothing, writes nothing and is told to nobody twice', async () => {
    const stage = new Stage({ seed: 1 })
    const process = new Process(stage, 'one')
    const heard: string[] = []
    process.onExit(({ signal }) => heard.push(`exit ${signal}`))
    process.after(5, () => heard.push('early'))
    process.after(20, () => heard.push('late'))
    stage.timeline.after(10, () => process.kill('SIGKILL'))
    stage.timeline.after(15, () => process.kill('SIGTERM'))
    while (stage.timeline.step());
    expect(heard).toEqual(['early', 'exit SIGKILL'])
    expect(process.point()).toBe(false)
  })
})

registerHostContract('simulated disk', () => {
  const stage = new Stage({ seed: 1 })
  const disk = new Disk({ stage, syncAfterMs: 0, onCommitted: () => {} })
  const open = () => disk.open(new Process(stage, 'server'))
  return { open, kill: () => {}, end: () => {} }
})
