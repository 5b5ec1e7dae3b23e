/**
 * A value outside React that a component can read and be told about. Many changes within one frame of the screen are
 * told once, so a replay of thousands of events draws a few times and not thousands of times.
 */
import { useSyncExternalStore } from 'react'

export class Live<Value> {
  #value: Value
  #told: Value
  #scheduled = false
  readonly #listeners = new Set<() => void>()

  constructor(value: Value) {
    this.#value = value
    this.#told = value
  }

  /** The newest value, told or not: what the next change builds on. */
  get value(): Value {
    return this.#value
  }

  /** Told with the next frame of the screen. */
  set(value: Value): void {
    this.#value = value
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.#tell()
    })
  }

  /** Not told before the next change is. */
  keep(value: Value): void {
    this.#value = value
  }

  /** Told at once: what a person types must not run behind their keys. */
  setNow(value: Value): void {
    this.#value = value
    this.#tell()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly told = (): Value => this.#told

  #tell(): void {
    this.#told = this.#value
    for (const listener of this.#listeners) listener()
  }
}

export function useLive<Value>(live: Live<Value>): Value {
  return useSyncExternalStore(live.subscribe, live.told)
}
