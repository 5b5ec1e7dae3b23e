/** Long work in steps, so that what else this process does is not kept waiting. */
import { setImmediate } from 'node:timers/promises'

/** How long the loop is kept at most. A runner passes on an agent's words within a few times this. */
const sliceMs = 8

export type Breathe = () => Promise<unknown> | undefined

/**
 * @param steps so many are so quick that to ask the clock at each would take as long
 * @returns to be awaited at each step, where it returns something: it lets others go first when it is their turn
 */
export function breather(steps = 1): Breathe {
  let since = performance.now()
  let count = 0
  return () => {
    count += 1
    if (count % steps !== 0 || performance.now() - since < sliceMs) return undefined
    return rest().then((now) => (since = now))
  }
}

async function rest(): Promise<number> {
  await setImmediate()
  return performance.now()
}
