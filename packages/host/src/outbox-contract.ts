/** Contract: effects that must happen. */
import { expect, type TestAPI } from 'vitest'
import { restart, type Stage, start } from './scene.ts'

export function outbox(play: TestAPI<Stage>): void {
  play(
    '[H-17] an outbox effect is performed again by every start until it is settled',
    async ({ world }) => {
      const scene = start(world)
      await scene.askAll([
        ['a', { type: 'must', key: 'k', word: 'one' }],
        ['b', { type: 'must', key: 'k', word: 'two' }],
      ])
      const both = [
        { id: 'a', word: 'one', key: 'k' },
        { id: 'b', word: 'two', key: 'k' },
      ]
      expect(scene.performed).toEqual(both)
      await scene.ask('a', { type: 'look' })
      expect(scene.performed).toEqual(both)
      const again = restart(world, scene)
      expect(again.performed).toEqual(both)
      await again.ask('a', { type: 'settle', key: 'k' })
      expect(restart(world, again).performed).toEqual(both.slice(1))
    },
  )

  play('[H-19] an outbox effect under a key in use replaces the old one', async ({ world }) => {
    const scene = start(world)
    await scene.ask('a', { type: 'must', key: 'k', word: 'one' })
    await scene.ask('a', { type: 'must', key: 'k', word: 'two' })
    expect(scene.performed.map(({ word }) => word)).toEqual(['one', 'two'])
    expect(restart(world, scene).performed.map(({ word }) => word)).toEqual(['two'])
  })

  play(
    '[H-19] an outbox effect settled or replaced in its own tick is not performed',
    async ({ world }) => {
      const scene = start(world)
      await scene.askAll([
        ['a', { type: 'must', key: 'k', word: 'settled' }],
        ['a', { type: 'settle', key: 'k' }],
        ['a', { type: 'must', key: 'l', word: 'replaced' }],
        ['a', { type: 'must', key: 'l', word: 'kept' }],
      ])
      expect(scene.performed).toEqual([{ id: 'a', word: 'kept', key: 'l' }])
      expect(restart(world, scene).performed).toEqual(scene.performed)
    },
  )
}
