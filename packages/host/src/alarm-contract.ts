/** Contract: deadlines ring, over restarts, and cost nothing while they move away. */
import { expect, type TestAPI } from 'vitest'
import { restart, type Scene, type Stage, start, startRecording } from './scene.ts'

export function alarms(play: TestAPI<Stage>): void {
  play(
    '[H-54] a clock that is set, or a lid that is closed, moves a deadline and does not ring it',
    async ({ world }) => {
      const scene = start(world)
      await scene.ask('a', { type: 'wake', at: scene.now + 60_000 })
      for (const by of [8 * 3600_000, -3600_000]) {
        scene.set += by
        await scene.ask('b', { type: 'look' })
        expect(scene.host.read('a').alarms.at).toBe(scene.now + scene.set + 60_000)
        expect(rang(scene.host)).toEqual([0, 0, 0])
      }
      scene.set += 5 * 3600_000
      await scene.advance(59_000)
      expect(rang(scene.host), 'a second of its time is left').toEqual([0, 0, 0])
      await scene.advance(5000)
      await scene.advance(5000)
      expect(rang(scene.host)).toEqual([1, 0, 0])
    },
  )

  play(
    '[H-54] a clock that is corrected by less than a deadline can be moves nothing',
    async ({ world }) => {
      const scene = start(world)
      const at = scene.now + 60_000
      await scene.ask('a', { type: 'wake', at })
      scene.set += 500
      await scene.ask('b', { type: 'look' })
      expect(scene.host.read('a').alarms.at).toBe(at)
    },
  )

  play('[H-53] those with a deadline are named, and nobody else', async ({ world }) => {
    const scene = start(world)
    await scene.askAll([
      ['sleeps', { type: 'list', listed: true }],
      ['b', { type: 'wake', at: scene.now + 20 }],
      ['a', { type: 'wake', at: scene.now + 50 }],
    ])
    expect(scene.host.alarmed()).toEqual(['b', 'a'])
    const again = restart(world, scene)
    expect(again.host.alarmed(), 'before any of them was loaded').toEqual(['b', 'a'])
    again.host.stop()
  })

  play(
    '[H-21] alarms ring at their time, in one timer, and survive a restart',
    async ({ world }) => {
      const scene = start(world)
      await scene.askAll([
        ['a', { type: 'wake', at: scene.now + 50 }],
        ['b', { type: 'wake', at: scene.now + 20 }],
        ['c', { type: 'wake', at: scene.now + 90 }],
      ])
      await scene.advance(19)
      expect(rang(scene.host)).toEqual([0, 0, 0])
      await scene.advance(1)
      expect(rang(scene.host)).toEqual([0, 1, 0])
      const again = restart(world, scene)
      await again.advance(30)
      expect(rang(again.host)).toEqual([1, 1, 0])
      again.host.stop()
      const late = start(world, { now: again.now + 1_000_000 })
      await late.advance(0)
      expect(rang(late.host)).toEqual([1, 1, 1])
      expect(late.timerAt).toBeUndefined()
    },
  )

  play('[H-21] a timer that is early rings nobody and is set again', async ({ world }) => {
    const scene = start(world)
    await scene.ask('a', { type: 'wake', at: scene.now + 50 })
    const { transitions: before } = scene.host.stats()
    scene.timerAt = scene.now
    expect(await scene.advance(0)).toBe(1)
    expect(scene.host.stats().transitions).toBe(before)
    expect(scene.timerAt).toBe(scene.now + 50)
  })

  quiet(play)
}

/** What does not ring, or not at once. */
function quiet(play: TestAPI<Stage>): void {
  play(
    '[H-23] a deadline that moves away writes nothing and rings once in vain',
    async ({ world }) => {
      const { scene, commits } = startRecording(world)
      const began = scene.now
      const heads = () => commits.flat().filter(({ head }) => head !== undefined).length
      await scene.ask('a', { type: 'wake', at: began + 100 })
      for (const at of [200, 300, 1000]) await scene.ask('a', { type: 'wake', at: began + at })
      expect(heads()).toBe(1)
      expect(scene.timerAt).toBe(began + 100)
      expect(await scene.advance(100)).toBe(1)
      expect(scene.host.read('a').alarms.rang).toBe(0)
      expect(scene.timerAt).toBe(began + 1000)
      await scene.ask('a', { type: 'wake', at: began + 400 })
      expect(scene.timerAt).toBe(began + 400)
      expect(heads()).toBe(3)
    },
  )

  play('[H-24] due alarms ring in bounded batches', async ({ world }) => {
    const scene = start(world)
    const ids = Array.from({ length: 450 }, (_, index) => `actor-${index}`)
    await scene.askAll(ids.map((id) => [id, { type: 'wake', at: scene.now + 1 }]))
    expect(await scene.advance(1)).toBe(3)
    expect(ids.every((id) => scene.host.read(id).alarms.rang === 1)).toBe(true)
  })

  play(
    '[H-24] neither a stopped actor nor one that keeps a past deadline spins',
    async ({ world }) => {
      const scene = start(world)
      await scene.askAll([
        ['a', { type: 'wake', at: scene.now + 1 }],
        ['a', { type: 'break' }],
        ['stuck', { type: 'wake', at: -1 }],
      ])
      await scene.ask('b', { type: 'wake', at: scene.now + 500 })
      const { transitions: before } = scene.host.stats()
      expect(await scene.advance(10)).toBe(1)
      expect(scene.host.stats().transitions).toBe(before + 1)
      expect(scene.timerAt).toBe(scene.now + 100)
    },
  )

  play(
    '[H-24] an actor that throws on its alarm does not silence the others',
    async ({ world }) => {
      const scene = start(world)
      await scene.askAll([
        ['a', { type: 'wake', at: scene.now + 10 }],
        ['a', { type: 'label', label: 'brittle' }],
        ['b', { type: 'wake', at: scene.now + 20 }],
        ['c', { type: 'look' }],
      ])
      await scene.advance(10)
      expect(scene.story).toContain('actor-stopped a')
      await scene.advance(10)
      expect(scene.host.read('b').alarms.rang).toBe(1)
      expect(scene.timerAt).toBeUndefined()
    },
  )
}

function rang(host: Scene['host']): number[] {
  return ['a', 'b', 'c'].map((id) => host.read(id).alarms.rang)
}
