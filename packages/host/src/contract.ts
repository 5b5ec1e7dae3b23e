/**
 * The contract suite of a host on a storage: whatever keeps its promises passes, on any platform.
 *
 * The host, the storage and the actor are real; only the loop and the clock belong to the test. This file holds what
 * a tick is and how it fails; its neighbours `*-contract.ts` hold one subject each.
 */
import { describe, expect, test, type TestAPI } from 'vitest'
import { alarms } from './alarm-contract.ts'
import { crashes } from './crash-contract.ts'
import { log, rows, wipe } from './log-contract.ts'
import { outbox } from './outbox-contract.ts'
import { refusals } from './refusal-contract.ts'
import {
  add,
  hookStorage,
  type HostWorld,
  restart,
  Scene,
  type Stage,
  start,
  startRecording,
} from './scene.ts'
import { memory, parts } from './state-contract.ts'
import { lists, watchers } from './watch-contract.ts'

export type { HostWorld } from './scene.ts'

/** Registers the suite; each test gets a world of its own. */
export function registerHostContract(name: string, openWorld: () => HostWorld): void {
  const play = test.extend<Stage>({
    // oxlint-disable-next-line no-empty-pattern -- vitest reads what a fixture needs from its first parameter
    world: async ({}, use) => {
      const world = openWorld()
      await use(world)
      world.end()
    },
  })
  describe(`host contract: ${name}`, () => {
    transitions(play)
    ticks(play)
    failures(play)
    refusals(play)
    parts(play)
    log(play)
    wipe(play)
    rows(play)
    outbox(play)
    alarms(play)
    watchers(play)
    lists(play)
    memory(play)
    crashes(play)
    stop(play)
  })
}

function transitions(play: TestAPI<Stage>): void {
  play(
    '[H-1] every input is answered, also one the actor has nothing to do for',
    async ({ world }) => {
      const scene = start(world)
      const replies = await scene.askAll([
        ['a', add(2)],
        ['a', { type: 'look' }],
        ['a', { type: 'settle', key: 'unknown' }],
        ['a', { type: 'alarm' }],
        ['a', { type: 'break' }],
        ['a', { type: 'look' }],
      ])
      const statuses = replies.map(({ status }) => status)
      expect(statuses.slice(0, 4)).toEqual(Array(4).fill('fulfilled'))
      expect(statuses.slice(4)).toEqual(['rejected', 'rejected'])
    },
  )

  play(
    "[H-2] a transition learns the host's time, its own id and the rows it named",
    async ({ world }) => {
      const scene = start(world, { now: 77 })
      await scene.ask('a', { type: 'remember', key: 'k', value: '"v"' })
      await scene.ask('a', { type: 'remember', key: 'other', value: '1' })
      const { context } = await scene.ask('a', { type: 'recall', key: 'k' })
      expect(context).toEqual({ now: 77, id: 'a', found: new Map([['k', '"v"']]) })
    },
  )
}

function ticks(play: TestAPI<Stage>): void {
  play('[H-4] what waits is run in order and shares one commit, over actors', async ({ world }) => {
    const { scene, commits } = startRecording(world)
    const replies = await scene.askAll([
      ['a', add(1)],
      ['b', add(10)],
      ['a', add(2)],
      ['a', { type: 'look' }],
      ['b', { type: 'label', label: 'x' }],
    ])
    expect(commits.map((writes) => writes.map(({ id }) => id))).toEqual([['a', 'b']])
    const totals = replies.map((reply) =>
      reply.status === 'fulfilled' ? reply.value.total : reply,
    )
    expect(totals).toEqual([1, 10, 3, 3, 10])
    expect(scene.host.stats()).toMatchObject({ commits: 1, transitions: 5 })
  })

  play('[H-3] nothing is visible before the commit', async ({ world }) => {
    const during: unknown[] = []
    const storage = hookStorage(world.open(), {
      before: () => during.push([...scene.story], scene.host.read('a').count.total),
    })
    const scene: Scene = new Scene({ storage })
    scene.host.start()
    scene.watch('a')
    await scene.askAll([
      ['a', { type: 'shout', word: 'hi' }],
      ['a', { type: 'must', key: 'k', word: 'must' }],
    ])
    expect(during).toEqual([[], 0])
    expect(scene.story.length).toBeGreaterThan(3)
  })

  play(
    '[H-5] effects leave first, then what watchers see, then replies, in order',
    async ({ world }) => {
      const scene = start(world)
      scene.watch('a')
      scene.watch('b')
      await scene.askAll([
        ['a', { type: 'shout', word: 'one' }],
        ['b', { type: 'must', key: 'k', word: 'two' }],
        ['a', { type: 'shout', word: 'three' }],
      ])
      expect(scene.story).toEqual([
        'effect a one',
        'effect b two',
        'effect a three',
        'watch a 1..2',
        'watch b -',
        'reply a 1',
        'reply b 0',
        'reply a 2',
      ])
    },
  )

  play('[H-11] a tick that changes nothing commits nothing', async ({ world }) => {
    const { scene, commits } = startRecording(world)
    await scene.ask('a', add())
    await scene.askAll([
      ['a', { type: 'look' }],
      ['a', { type: 'recall', key: 'k' }],
      ['a', { type: 'alarm' }],
    ])
    expect(commits.length).toBe(1)
  })

  play('[H-26] a watcher that throws keeps nothing from the others', async ({ world }) => {
    const scene = start(world)
    scene.host.watch('a', () => {
      throw new Error('a bug of the app')
    })
    scene.watch('a')
    const reply = scene.submit('a', add(3))
    await expect(scene.turn()).rejects.toThrow('a bug of the app')
    expect((await reply).total).toBe(3)
    expect(scene.story).toContain('watch a 1..1')
    expect((await scene.ask('b', add())).total).toBe(1)
  })
}

function failures(play: TestAPI<Stage>): void {
  play(
    '[H-7] after a failed commit nothing leaves and the store is left alone',
    async ({ world }) => {
      let closed = false
      let late: Promise<unknown> = Promise.resolve()
      const hooked = hookStorage(world.open(), {
        before: (number) => {
          if (number !== 2) return
          late = scene.submit('late', add())
          throw new Error('fsync: input/output error')
        },
      })
      const scene: Scene = new Scene({ storage: { ...hooked, close: () => (closed = true) } })
      scene.host.start()
      scene.watch('a')
      await scene.ask('a', { type: 'wake', at: scene.now + 10 })
      scene.story.length = 0
      const replies = await scene.askAll([
        ['a', { type: 'shout', word: 'lost' }],
        ['b', { type: 'must', key: 'k', word: 'lost' }],
        ['b', { type: 'look' }],
      ])
      expect(replies.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
      await expect(late).rejects.toThrow('store failed')
      const rejected = ['reject a', 'reject b', 'reject b', 'reject late']
      expect(scene.story).toEqual(['host-stopped', ...rejected])
      expect(scene.stopReason?.message).toContain('fsync: input/output error')
      await expect(scene.host.submit('c', add())).rejects.toThrow('store failed')
      expect(() => scene.host.read('a')).toThrow('store failed')
      expect(() => scene.host.log('a', 0, 1)).toThrow('store failed')
      expect(scene.timerAt).toBeUndefined()
      scene.host.stop()
      expect(closed).toBe(false)
    },
  )

  play(
    '[H-8] a transition that throws stops its actor alone, until the next start',
    async ({ world }) => {
      const scene = start(world)
      const replies = await scene.askAll([
        ['a', add(1)],
        ['a', { type: 'break' }],
        ['a', add(1)],
        ['b', add(5)],
      ])
      expect(replies.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ])
      expect(scene.story).toContain('actor-stopped a')
      const later = scene.submit('a', add())
      await Promise.all([
        scene.turn(),
        expect(later).rejects.toThrow('a is stopped because of a bug'),
      ])
      expect(scene.host.read('a').count.total).toBe(1)
      const again = restart(world, scene)
      expect((await again.ask('a', add(1))).total).toBe(2)
    },
  )

  play(
    '[H-8] an actor whose state is no JSON loses its whole tick, and only it',
    async ({ world }) => {
      const scene = start(world)
      await scene.ask('a', add(1))
      const replies = await scene.askAll([
        ['a', { type: 'shout', word: 'lost' }],
        ['a', { type: 'extra', value: 1n }],
        ['b', add(5)],
      ])
      expect(replies.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
      expect(scene.performed).toEqual([])
      expect(scene.host.read('a').count.total).toBe(1)
      const again = restart(world, scene)
      expect(again.entries('a').length).toBe(1)
    },
  )

  play('[H-8] an actor that cannot read its parts is stopped, and only it', async ({ world }) => {
    const scene = start(world)
    await scene.askAll([
      ['a', { type: 'label', label: 'unreadable' }],
      ['b', add(1)],
    ])
    const again = restart(world, scene)
    const replies = await again.askAll([
      ['a', add()],
      ['b', add()],
    ])
    expect(replies.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(() => again.host.read('a')).toThrow('cannot be read')
    expect(again.story.filter((line) => line === 'actor-stopped a').length).toBe(1)
  })
}

function stop(play: TestAPI<Stage>): void {
  play(
    '[H-25] stop answers what is queued, closes, and refuses what comes later',
    async ({ world }) => {
      const scene = start(world)
      await scene.ask('a', { type: 'wake', at: scene.now + 1 })
      const queued = scene.submit('a', add(4))
      scene.host.stop()
      expect((await queued).total).toBe(4)
      expect(scene.timerAt).toBeUndefined()
      await expect(scene.host.submit('a', add())).rejects.toThrow('the host is stopped')
      await scene.turn()
      expect(start(world).host.read('a').count.total).toBe(4)
    },
  )

  play('[H-25] a watcher may stop the host', async ({ world }) => {
    const scene = start(world)
    scene.host.watch('a', () => scene.host.stop())
    scene.host.watch('a', () => scene.story.push(`log of ${scene.entries('a').length}`))
    expect((await scene.ask('a', add(4))).total).toBe(4)
    expect(scene.story).toContain('log of 1')
    expect(start(world).host.read('a').count.total).toBe(4)
  })
}
