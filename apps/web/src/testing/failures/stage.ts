/**
 * Stages one failure: all is well, then the fault, then what every surface shows of it and when.
 *
 * - T-71 Of each staged failure every surface that can say it says the same sentence and what can be done, and nothing said
 *   so before.
 */
import type { Browser } from 'playwright-core'
import { boundMs, type Failure } from './failure.ts'
import { type FailureWorld, startFailureWorld } from './failure-world.ts'
import { read, type Showing, watchSurfaces } from './seen.ts'

export interface Staged {
  readonly showings: readonly Showing[]
  /** Surfaces that say something else, or not what can be done, in words. */
  readonly others: readonly string[]
  /** Surfaces that say it too late. */
  readonly late: readonly string[]
}

export async function stage(failure: Failure, browser: Browser): Promise<Staged> {
  const world = await startFailureWorld(failure, browser)
  try {
    await failure.before?.(world)
    const before = world.session === '' ? '' : (await read(world, 'page')).text
    const runMs = await runOf(world)
    const from = performance.now()
    await failure.fault(world)
    const showings = (await watchSurfaces(world, failure, from)).map((one) => less(one, runMs))
    await failure.after?.(world)
    const others = showings.flatMap(({ surface, ms, text, actions }) =>
      ms === undefined ? [`${surface} says: ${text.slice(0, 2000)} [${actions.join(', ')}]`] : [],
    )
    return {
      showings,
      others: before.includes(failure.says) ? [...others, 'it was said before'] : others,
      late: showings.flatMap((showing) => lateness(failure, showing, runMs)),
    }
  } finally {
    await world.end()
  }
}

/** How long a command takes while all is well. */
async function runOf(world: FailureWorld): Promise<number> {
  const from = performance.now()
  await Promise.all([world.belay('ls'), world.belay('ls')])
  return performance.now() - from
}

/** A command says how it stood when it asked, not when it was over. */
function less(showing: Showing, runMs: number): Showing {
  const { surface, ms } = showing
  if (ms === undefined || !isCommand(surface)) return showing
  return { ...showing, ms: Math.max(0, Math.round(ms - runMs)) }
}

function isCommand(surface: Showing['surface']): boolean {
  return surface === 'ls' || surface === 'why'
}

function lateness(failure: Failure, { surface, ms }: Showing, runMs: number): readonly string[] {
  const bound = boundMs(failure)
  // One that was asked just too early says it a run later.
  const run = isCommand(surface) ? runMs : 0
  if (ms === undefined || ms <= bound + run) return []
  return [`${surface} says it after ${ms} ms; ${bound} ms are two heartbeats`]
}
