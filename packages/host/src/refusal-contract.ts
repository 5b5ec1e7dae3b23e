/** Contract: a store that is full or busy refuses, loses nothing, and is asked again. */
import { expect, type TestAPI } from 'vitest'
import { StoreRefusal } from './refusal.ts'
import { add, hookStorage, Scene, type Stage } from './scene.ts'

type Reason = StoreRefusal['reason']

/** A scene on a store that refuses as long as `refuses` says why. */
function refusing(world: Stage['world']) {
  const door: { refuses: Reason | undefined; tries: number } = { refuses: undefined, tries: 0 }
  const storage = hookStorage(world.open(), {
    before: () => {
      door.tries += 1
      if (door.refuses !== undefined) throw new StoreRefusal(door.refuses, 'no room', undefined)
    },
  })
  const scene = new Scene({ storage })
  scene.host.start()
  return { scene, door }
}

export function refusals(play: TestAPI<Stage>): void {
  play('[H-52] a full store refuses what is to be written, and reads go on', async ({ world }) => {
    const { scene, door } = refusing(world)
    await scene.ask('a', add(2))
    scene.watch('a')
    door.refuses = 'full'
    const [wrote, looked] = await scene.askAll([
      ['a', add(5)],
      ['b', { type: 'look' }],
    ])
    expect(wrote).toMatchObject({ status: 'rejected', reason: expect.any(StoreRefusal) })
    expect(looked, 'who writes nothing is answered').toMatchObject({ status: 'fulfilled' })
    expect(scene.host.read('a').count.total).toBe(2)
    expect(scene.entries('a')).toHaveLength(1)
    expect(scene.stopReason).toBeUndefined()
    expect(scene.story.filter((line) => line.startsWith('watch'))).toEqual([])
    door.refuses = undefined
    await scene.advance(10_000)
    expect((await scene.ask('a', add(1))).total, 'what was refused is not there').toBe(3)
    scene.host.stop()
  })

  play(
    '[H-52] a fact waits for the store, and comes before what came after it',
    async ({ world }) => {
      const { scene, door } = refusing(world)
      await scene.ask('a', add(1))
      door.refuses = 'full'
      const fact = scene.submit('a', { type: 'remember', key: 'k', value: '1' })
      await scene.turn()
      for (let second = 0; second < 6; second += 1) await scene.advance(1000)
      expect(scene.story).not.toContain('reject a')
      expect(door.tries, 'it was tried again').toBeGreaterThan(3)
      door.refuses = undefined
      const later = scene.submit('a', { type: 'recall', key: 'k' })
      await scene.advance(10_000)
      await scene.turn()
      expect((await fact).total).toBe(1)
      expect((await later).found).toBe('1')
      scene.host.stop()
    },
  )

  play(
    '[H-52] a store that is busy for a moment is waited for, and refuses after that',
    async ({ world }) => {
      const { scene, door } = refusing(world)
      await scene.ask('a', add(1))
      door.refuses = 'busy'
      const waits = scene.submit('a', add(1))
      await scene.turn()
      await scene.advance(100)
      door.refuses = undefined
      await scene.advance(2000)
      expect((await waits).total).toBe(2)
      door.refuses = 'busy'
      const vain = scene.submit('a', add(1))
      await scene.turn()
      const refused: Promise<unknown> = vain.then(
        () => undefined,
        (error: unknown) => error,
      )
      for (let second = 0; second < 10; second += 1) await scene.advance(1000)
      expect(String(await refused)).toContain('no room')
      scene.host.stop()
    },
  )

  play(
    '[H-52] an alarm that was refused rings again when there is room, and does not spin before',
    async ({ world }) => {
      const { scene, door } = refusing(world)
      await scene.ask('a', { type: 'wake', at: scene.now + 100 })
      door.refuses = 'full'
      const before = door.tries
      expect(await scene.advance(200, 50)).toBeLessThan(10)
      expect(door.tries - before).toBeLessThan(10)
      expect(scene.host.read('a').alarms.rang).toBe(0)
      await scene.advance(60_000)
      door.refuses = undefined
      await scene.advance(3000)
      expect(scene.host.read('a').alarms.rang, 'nobody’s time went on meanwhile').toBe(0)
      await scene.advance(1000)
      await scene.advance(1000)
      expect(scene.host.read('a').alarms.rang).toBe(1)
      scene.host.stop()
    },
  )
  clocks(play)
}

function clocks(play: TestAPI<Stage>): void {
  play(
    '[H-54] a clock that is set while a store refuses is told once, and so is the time that it refused',
    async ({ world }) => {
      for (const by of [8 * 3600_000, -3600_000]) {
        const { scene, door } = refusing(world)
        const at = scene.now + 600_000
        await scene.ask('a', { type: 'wake', at })
        const from = scene.now
        door.refuses = 'full'
        const fact = scene.submit('a', { type: 'remember', key: 'k', value: '1' })
        await scene.turn()
        await scene.advance(3000)
        scene.set += by
        // Somebody looks: that is when it is seen.
        await scene.ask('b', { type: 'look' })
        for (let second = 0; second < 3; second += 1) await scene.advance(1000)
        expect(scene.host.read('a').alarms.at, 'nothing is kept yet').toBe(at)
        door.refuses = undefined
        await scene.advance(3000)
        await scene.turn()
        await fact
        const stood = scene.now - from
        expect(scene.host.read('a').alarms.at).toBe(at + by + stood)
        scene.host.stop()
      }
    },
  )
}
