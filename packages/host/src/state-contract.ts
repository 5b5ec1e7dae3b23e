/** Contract: which parts are written, which actors exist, which are in memory. */
import { expect, type TestAPI } from 'vitest'
import { add, restart, type Stage, start, startRecording } from './scene.ts'

export function parts(play: TestAPI<Stage>): void {
  play(
    '[H-9] only parts that changed are written, and one that is gone is removed',
    async ({ world }) => {
      const { scene, commits } = startRecording(world)
      await scene.ask('a', add())
      await scene.ask('a', { type: 'extra', value: [1] })
      await scene.ask('a', add())
      await scene.ask('a', { type: 'extra', value: undefined })
      const names = commits.map(([write]) => write?.parts.map(({ name }) => name))
      expect(names).toEqual([['count', 'settings', 'alarms'], ['extra'], ['count'], ['extra']])
      expect(commits[2]?.[0]?.head).toBeUndefined()
      const again = restart(world, scene)
      expect(again.host.read('a').extra).toBeUndefined()
      expect(again.host.read('a').count).toEqual({ total: 2, seq: 2 })
    },
  )

  play('[H-10] asking, refusing and watching create no actor', async ({ world }) => {
    const scene = start(world)
    scene.watch('ghost')
    await scene.askAll([
      ['ghost', { type: 'look' }],
      ['ghost', { type: 'settle', key: 'k' }],
      ['ghost', { type: 'wipe', farewell: false }],
    ])
    expect(scene.host.read('ghost').count.total).toBe(0)
    expect(scene.host.has('ghost')).toBe(false)
    expect([...scene.host.ids()]).toEqual([])
    expect(scene.host.stats()).toMatchObject({ loaded: 0, commits: 0 })
    await scene.ask('ghost', { type: 'remember', key: 'k', value: '1' })
    expect(scene.host.has('ghost')).toBe(true)
    expect([...scene.host.ids()]).toEqual(['ghost'])
  })
}

export function memory(play: TestAPI<Stage>): void {
  play(
    '[H-22] memory holds the actors touched last, the others are read again',
    async ({ world }) => {
      const scene = start(world, { residentsMax: 3 })
      const ids = Array.from({ length: 10 }, (_, index) => `actor-${index}`)
      for (const id of ids) scene.watch(id)
      await scene.askAll(ids.map((id) => [id, add(1)]))
      expect(scene.host.stats()).toMatchObject({ loaded: 3, watchers: 10 })
      for (const id of ids) expect((await scene.ask(id, add(1))).total).toBe(2)
      expect(ids.map((id) => scene.host.read(id).count.total)).toEqual(Array(10).fill(2))
      expect(scene.host.stats().loaded).toBe(3)
      expect(scene.story.filter((line) => line === 'watch actor-0 2..2').length).toBe(1)
    },
  )
}
