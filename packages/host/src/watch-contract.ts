/** Contract: what watchers and lists show. */
import { expect, type TestAPI } from 'vitest'
import { add, type Stage, start, times } from './scene.ts'

export function watchers(play: TestAPI<Stage>): void {
  play(
    '[H-18] whoever reads the log and then watches has no gap and no repeat',
    async ({ world }) => {
      const scene = start(world)
      const seen: number[][] = []
      const follow = (): number => {
        const numbers = scene.entries('a').map(({ seq }) => seq)
        scene.host.watch('a', ({ segment }) => {
          if (segment === undefined) return
          for (let seq = segment.first; seq <= segment.last; seq += 1) numbers.push(seq)
        })
        return seen.push(numbers)
      }
      await scene.ask('a', add())
      follow()
      // One who comes while others are told of a commit has read that commit already.
      const once = scene.host.watch('a', () => {
        once()
        follow()
      })
      const waiting = scene.submit('a', add())
      follow()
      for (let tick = 0; tick < 3; tick += 1) await scene.askAll(times(2, 'a', add()))
      await waiting
      expect(seen.length).toBe(3)
      expect(seen).toEqual(seen.map(() => [1, 2, 3, 4, 5, 6, 7, 8]))
    },
  )

  play('[H-18] a watcher that left sees nothing more', async ({ world }) => {
    const scene = start(world)
    const leave = scene.watch('a')
    const other = scene.watch('a')
    expect(scene.host.stats().watchers).toBe(2)
    leave()
    leave()
    other()
    expect(scene.host.stats().watchers).toBe(0)
    await scene.ask('a', add())
    expect(scene.story).toEqual(['reply a 1'])
  })
}

export function lists(play: TestAPI<Stage>): void {
  play(
    '[H-20] the list is newest created first, by pages, of those with a summary',
    async ({ world }) => {
      const scene = start(world)
      const ids = ['c', 'a', 'e', 'b', 'd']
      for (const id of ids) await scene.ask(id, { type: 'label', label: `I am ${id}` })
      await scene.askAll([
        ['c', add()],
        ['e', { type: 'list', listed: false }],
      ])
      const page = (limit: number, before?: string) =>
        scene.host.list(before === undefined ? { limit } : { limit, before }).map(({ id }) => id)
      expect(page(10)).toEqual(['d', 'b', 'a', 'c'])
      expect(page(2)).toEqual(['d', 'b'])
      expect(page(2, 'b')).toEqual(['a', 'c'])
      expect(page(2, 'e')).toEqual(['a', 'c'])
      expect(page(2, 'c')).toEqual([])
      expect(scene.host.list({ limit: 1 })).toEqual([
        { id: 'd', summary: JSON.stringify({ label: 'I am d', listed: true }) },
      ])
      expect([...scene.host.ids()]).toEqual(ids)
      expect(scene.host.count()).toBe(4)
    },
  )

  play(
    '[H-20] watchers of all see each summary that changed, and no other commit',
    async ({ world }) => {
      const scene = start(world)
      const seen: unknown[] = []
      const leave = scene.host.watchAll((id, summary) => seen.push([id, summary]))
      await scene.ask('a', { type: 'label', label: 'x' })
      await scene.ask('a', add())
      await scene.ask('a', { type: 'list', listed: false })
      leave()
      await scene.ask('a', { type: 'list', listed: true })
      expect(seen).toEqual([
        ['a', JSON.stringify({ label: 'x', listed: true })],
        ['a', undefined],
      ])
    },
  )
}
