/** Long work in steps, so that what else this process does is not kept waiting. */
import { setImmediate } from 'node:timers/promises'

/** How long the loop is kept at most. A runner passes on an agent's words within a few times this. */
const sliceMs = 8

export type Breathe = () => Promise<unknown> | undefined

/** @returns to be awaited at each step: it lets others go first when it is their turn */
export function breather(): Breathe {
  let since = performance.now()
  return () => {
    if (performance.now() - since < sliceMs) return undefined
    return rest().then((now) => (since = now))
  }
}

async function rest(): Promise<number> {
  await setImmediate()
  return performance.now()
}
