/** Contract: the log, its segments, its wipe, and the rows beside it. */
import { expect, type TestAPI } from 'vitest'
import { add, restart, type Stage, start, startRecording, times } from './scene.ts'

export function log(play: TestAPI<Stage>): void {
  play('[H-12] the numbers of a log are dense, over restarts and wipes', async ({ world }) => {
    let scene = start(world)
    for (let round = 0; round < 4; round += 1) {
      await scene.askAll([
        ['a', add()],
        ['a', add()],
      ])
      if (round === 1) await scene.ask('a', { type: 'wipe', farewell: false })
      scene = restart(world, scene)
    }
    expect(scene.entries('a').map(({ seq }) => seq)).toEqual([5, 6, 7, 8])
  })

  for (const by of [1, -1]) {
    play(`[H-12] an entry ${by} beside the next number stops its actor`, async ({ world }) => {
      const scene = start(world)
      const replies = await scene.askAll([
        ['a', add()],
        ['a', { type: 'skip', by }],
      ])
      expect(replies.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
      expect(scene.story).toContain('actor-stopped a')
      expect(scene.entries('a').length).toBe(1)
    })
  }

  play(
    '[H-34] a trim removes segments up to its number and nothing else, and numbers go on',
    async ({ world }) => {
      let scene = start(world)
      await scene.askAll([
        ['a', add()],
        ['a', add()],
      ])
      for (let round = 0; round < 3; round += 1) await scene.ask('a', add())
      await scene.ask('b', add())
      await scene.ask('a', { type: 'remember', key: 'k', value: '"v"' })
      // The first segment holds 1 and 2, so 1 alone cannot go.
      await scene.ask('a', { type: 'trim', through: 1 })
      expect(scene.host.first('a')).toBe(1)
      await scene.ask('a', { type: 'trim', through: 3 })
      expect(scene.entries('a').map(({ seq }) => seq)).toEqual([4, 5])
      scene = restart(world, scene)
      expect([scene.host.first('a'), scene.host.first('b'), scene.host.first('nobody')]).toEqual([
        4,
        1,
        undefined,
      ])
      // All of it: the next number is the one that was next.
      await scene.ask('a', { type: 'trim', through: 5 })
      scene = restart(world, scene)
      expect(scene.host.first('a')).toBeUndefined()
      expect(await scene.ask('a', { type: 'recall', key: 'k' })).toMatchObject({ found: '"v"' })
      await scene.ask('a', add())
      expect(scene.entries('a').map(({ seq }) => seq)).toEqual([6])
      const [refused] = await scene.askAll([['a', { type: 'trim', through: 7 }]])
      expect(refused?.status).toBe('rejected')
    },
  )

  segments(play)
  reading(play)
}

function segments(play: TestAPI<Stage>): void {
  play(
    '[H-13] what an actor logs in a tick is one segment, its bytes as they came',
    async ({ world }) => {
      const scene = start(world)
      const text = 'x\n"ü😀'
      await scene.askAll([
        ['a', add(1, text)],
        ['b', add()],
        ['a', add(2)],
      ])
      await scene.ask('a', add(3))
      const stored = scene.host.log('a', 0, 1e9)
      expect(stored.map(({ first, last }) => [first, last])).toEqual([
        [1, 2],
        [3, 3],
      ])
      const bytes = [1, 2].map((seq) =>
        JSON.stringify({ seq, amount: seq, text: seq === 1 ? text : '' }),
      )
      expect(stored[0]?.text).toBe(bytes.join(','))
    },
  )

  play(
    '[H-13] a segment is split before 512 KiB, a larger entry stays whole',
    async ({ world }) => {
      const scene = start(world)
      scene.watch('a')
      const wide = '€'.repeat(60_000)
      const huge = 'x'.repeat(600_000)
      await scene.askAll([...times(5, 'a', add(1, wide)), ['a', add(1, huge)]])
      const stored = scene.host.log('a', 0, 1e9)
      expect(stored.map(({ first, last }) => [first, last])).toEqual([
        [1, 2],
        [3, 4],
        [5, 5],
        [6, 6],
      ])
      expect(scene.story.slice(0, 4)).toEqual([
        'watch a 1..2',
        'watch a 3..4',
        'watch a 5..5',
        'watch a 6..6',
      ])
    },
  )
}

function reading(play: TestAPI<Stage>): void {
  play(
    '[H-14] the log after a number has no gap and is about as long as asked',
    async ({ world }) => {
      const scene = start(world)
      for (let tick = 0; tick < 10; tick += 1) {
        await scene.askAll(times(3, 'a', add(1, 'x'.repeat(70))))
        await scene.ask('b', add())
      }
      const ranges = (after: number, bytesMax: number) =>
        scene.host.log('a', after, bytesMax).map(({ first, last }) => [first, last])
      expect(ranges(4, 1)).toEqual([[4, 6]])
      expect(ranges(6, 1)).toEqual([[7, 9]])
      expect(ranges(0, 700).length).toBe(2)
      expect(ranges(29, 1e9)).toEqual([[28, 30]])
      expect(ranges(30, 1e9)).toEqual([])
      expect(scene.host.log('unknown', 0, 1e9)).toEqual([])
      const read: number[] = []
      let page = scene.host.log('a', 0, 700)
      while (page.length > 0) {
        read.push(...page.flatMap(({ first, last }) => [first, last]))
        page = scene.host.log('a', read.at(-1) ?? 0, 700)
      }
      expect(read).toEqual(
        Array.from({ length: 10 }, (_, tick) => [tick * 3 + 1, tick * 3 + 3]).flat(),
      )
    },
  )
}

export function wipe(play: TestAPI<Stage>): void {
  play('[H-15] a wipe removes log and rows in its commit and nothing else', async ({ world }) => {
    const { scene, commits } = startRecording(world)
    await scene.askAll([
      ['a', add(7)],
      ['b', add(1)],
      ['a', { type: 'remember', key: 'k', value: '1' }],
      ['b', { type: 'remember', key: 'k', value: '2' }],
      ['a', { type: 'must', key: 'm', word: 'clean-up' }],
    ])
    scene.watch('a')
    const replies = await scene.askAll([
      ['a', { type: 'remember', key: 'same tick', value: '1' }],
      ['a', add(1)],
      ['a', { type: 'wipe', farewell: true }],
      ['a', { type: 'recall', key: 'k' }],
      ['a', { type: 'recall', key: 'same tick' }],
      ['a', { type: 'remember', key: 'new', value: '3' }],
    ])
    expect(replies[3]).toMatchObject({ value: { found: undefined } })
    expect(replies[4]).toMatchObject({ value: { found: undefined } })
    expect(commits.length).toBe(2)
    expect(scene.story).toContain('watch a wiped 3..3')
    const again = restart(world, scene)
    expect(again.entries('a')).toEqual([{ seq: 3, amount: 0, text: 'farewell' }])
    expect(again.host.read('a').count.total).toBe(8)
    expect((await again.ask('a', { type: 'recall', key: 'k' })).found).toBeUndefined()
    expect((await again.ask('a', { type: 'recall', key: 'same tick' })).found).toBeUndefined()
    expect((await again.ask('a', { type: 'recall', key: 'new' })).found).toBe('3')
    expect((await again.ask('b', { type: 'recall', key: 'k' })).found).toBe('2')
    expect(again.entries('b').length).toBe(1)
    expect(again.performed).toEqual([{ id: 'a', word: 'clean-up', key: 'm' }])
  })
}

export function rows(play: TestAPI<Stage>): void {
  play(
    '[H-16] a lookup sees all transitions before it, those of its tick too',
    async ({ world }) => {
      const scene = start(world)
      const recall = { type: 'recall', key: 'k' } as const
      const replies = await scene.askAll([
        ['a', recall],
        ['a', { type: 'remember', key: 'k', value: '1' }],
        ['a', recall],
        ['b', recall],
        ['a', { type: 'remember', key: 'k', value: '2' }],
        ['a', recall],
      ])
      const found = [0, 2, 3, 5].map((index) => {
        const reply = replies[index]
        return reply?.status === 'fulfilled' ? reply.value.found : 'rejected'
      })
      expect(found).toEqual([undefined, '1', undefined, '2'])
      const again = restart(world, scene)
      const [before, , after] = await again.askAll([
        ['a', recall],
        ['a', { type: 'remember', key: 'k', value: undefined }],
        ['a', recall],
      ])
      expect(before).toMatchObject({ value: { found: '2' } })
      expect(after).toMatchObject({ value: { found: undefined } })
      expect((await restart(world, again).ask('a', recall)).found).toBeUndefined()
    },
  )
}
