/** Stages one failure: all is well, then the fault, then what every surface shows of it and when. */
import type { Browser } from 'playwright-core'
import { boundMs, type Failure } from './failure.ts'
import { type FailureWorld, startFailureWorld } from './failure-world.ts'
import { read, type Showing, watchSurfaces } from './seen.ts'

export interface Staged {
  readonly showings: readonly Showing[]
  /** What does not hold, in words. */
  readonly problems: readonly string[]
}

export async function stage(failure: Failure, browser: Browser): Promise<Staged> {
  const world = await startFailureWorld(failure, browser)
  try {
    await failure.before?.(world)
    const before = world.session === '' ? '' : (await read(world, 'page')).text
    const runMs = await runOf(world)
    const from = performance.now()
    await failure.fault(world)
    const showings = await watchSurfaces(world, failure, from)
    const problems = showings.flatMap((showing) => problemsOf(failure, showing, runMs))
    await failure.after?.(world)
    if (!before.includes(failure.says)) return { showings, problems }
    return { showings, problems: [...problems, 'it was said before it was so'] }
  } finally {
    await world.end()
  }
}

/** How long a command takes while all is well: one that was asked just too early says it a run later. */
async function runOf(world: FailureWorld): Promise<number> {
  const from = performance.now()
  await Promise.all([world.belay('ls'), world.belay('ls')])
  return performance.now() - from
}

function problemsOf(
  failure: Failure,
  { surface, ms }: Showing,
  runMs: number,
): readonly string[] {
  if (ms === undefined)
    return [`${surface} does not say “${failure.says}”, or not what can be done`]
  const isCommand = surface === 'ls' || surface === 'why'
  const bound = boundMs(failure)
  return ms > bound + (isCommand ? 2 * runMs : 0)
    ? [`${surface} says it after ${ms} ms; ${bound} ms are two heartbeats`]
    : []
}
