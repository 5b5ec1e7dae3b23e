/** Contract: a death at any commit keeps what was answered and leaks nothing of what was not. */
import { expect, type TestAPI } from 'vitest'
import { add, hookStorage, type HostWorld, Scene, type Stage, start } from './scene.ts'
import type { CounterInput } from './toy-counter.ts'

/** Whether the store dies when it was about to commit, or when it had. */
type Moment = 'before' | 'after'

interface Asked {
  readonly id: string
  readonly input: CounterInput
}

/** What the world outside knows when the process dies. */
interface Known {
  readonly commits: number
  /** The totals as they were answered last. */
  readonly totals: ReadonlyMap<string, number>
  readonly answered: readonly Asked[]
  /** What was asked in the turn the process died in. */
  readonly dying: readonly Asked[]
  readonly story: readonly string[]
}

const ids = ['a', 'b', 'c']

export function crashes(play: TestAPI<Stage>): void {
  for (const moment of ['before', 'after'] as const) {
    play(
      `[H-6] a death ${moment} a commit loses no answer and leaks nothing else`,
      async ({ world }) => {
        for (let commit = 1; commit <= 12; commit += 1) {
          const known = await crashAt(world, commit, moment)
          expect(known.commits).toBe(commit)
          expect(known.dying.length).toBeGreaterThan(0)
          checkWhatLeft(known)
          world.kill()
          checkWhatStayed(start(world), known, moment)
          world.kill()
        }
      },
    )
  }
}

/** Runs turns of mixed inputs until the store dies at the commit with this number. */
async function crashAt(world: HostWorld, commit: number, moment: Moment): Promise<Known> {
  let commits = 0
  const die = (number: number): void => {
    commits = number
    if (number === commit) throw new Error('the store died')
  }
  const scene = new Scene({ storage: hookStorage(world.open(), { [moment]: die }) })
  scene.host.start()
  scene.story.length = 0
  const totals = new Map(ids.map((id) => [id, scene.host.read(id).count.total]))
  for (const id of ids) scene.watch(id)
  const answered: Asked[] = []
  for (let turn = 0; ; turn += 1) {
    const asked = ids.slice(turn % 2).flatMap((id) => inputsOf(id, `${commit}.${turn}`))
    const replies = await scene.askAll(asked.map(({ id, input }) => [id, input]))
    for (const [index, { id, input }] of asked.entries()) {
      const reply = replies[index]
      if (reply?.status !== 'fulfilled') continue
      totals.set(id, reply.value.total)
      answered.push({ id, input })
    }
    if (scene.stopReason === undefined) continue
    return { commits, totals, answered, dying: asked, story: scene.story }
  }
}

function inputsOf(id: string, word: string): Asked[] {
  const inputs: CounterInput[] = [
    add(1),
    { type: 'shout', word },
    { type: 'must', key: 'last', word: `must-${word}` },
  ]
  return inputs.map((input) => ({ id, input }))
}

function checkWhatLeft({ answered, totals, story }: Known): void {
  const effects = answered.flatMap(({ id, input }) => {
    return 'word' in input ? [`effect ${id} ${input.word}`] : []
  })
  expect(story.filter((line) => line.startsWith('effect '))).toEqual(effects)
  for (const id of ids) {
    const last = story.findLast((line) => line.startsWith(`watch ${id} `))
    if (last !== undefined) expect(last.endsWith(`..${totals.get(id)}`)).toBe(true)
  }
}

function checkWhatStayed(scene: Scene, { totals, answered, dying }: Known, moment: Moment): void {
  for (const id of ids) {
    // A turn logs two for each actor it asks; the commit it died after is kept whole, as nobody was told it is not.
    const kept = moment === 'after' && dying.some((asked) => asked.id === id) ? 2 : 0
    const length = (totals.get(id) ?? 0) + kept
    expect(scene.entries(id).map(({ seq }) => seq)).toEqual(
      Array.from({ length }, (_, index) => index + 1),
    )
    expect(scene.host.read(id).count).toEqual({ total: length, seq: length })
    const inputs = moment === 'after' ? [...answered, ...dying] : answered
    const must = inputs.findLast((asked) => asked.id === id && asked.input.type === 'must')
    if (must !== undefined && 'word' in must.input) {
      expect(scene.performed).toContainEqual({ id, word: must.input.word, key: 'last' })
    }
  }
}
