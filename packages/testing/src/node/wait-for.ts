/** Waiting for a fact instead of sleeping: as long as it takes, at most as long as is bearable, and in words. */
import { setTimeout as sleep } from 'node:timers/promises'

const lookEveryMs = 10

/**
 * Looks again and again until the condition gives something true, and returns it.
 * @param sentence what is waited for; the error says it when `ms` have passed.
 * @throws at once when the condition throws.
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  sentence: string,
  ms: number,
): Promise<Exclude<Value, false | undefined>> {
  const until = performance.now() + ms
  for (;;) {
    const value = await condition()
    if (isThere(value)) return value
    if (performance.now() >= until) throw new Error(`waited ${ms} ms in vain: ${sentence}`)
    await sleep(lookEveryMs)
  }
}

function isThere<Value>(value: Value): value is Exclude<Value, false | undefined> {
  return value !== false && value !== undefined
}
