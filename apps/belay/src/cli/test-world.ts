/** A terminal that a test holds: what was written, and the person's answers. Imported by tests only. */
import type { World } from './world.ts'

export interface TestWorld extends World {
  readonly written: () => string
  readonly told: () => string
  /** Questions that were asked, in order. */
  readonly asked: string[]
  /** What the person types next; without one they think for ever. */
  readonly typed: (string | undefined)[]
  readonly exits: number[]
  readonly interrupt: () => void
}

export function testWorld(change: Partial<World> = {}): TestWorld {
  const texts = { out: '', err: '' }
  const interrupts = new Set<() => void>()
  const asked: string[] = []
  const typed: (string | undefined)[] = []
  const exits: number[] = []
  return {
    env: {},
    cwd: process.cwd(),
    out: { write: (text) => void (texts.out += text), color: false },
    err: { write: (text) => void (texts.err += text), color: false },
    canAsk: false,
    ask(question, signal) {
      asked.push(question)
      if (typed.length > 0) return Promise.resolve(typed.shift())
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined))
      })
    },
    readInput: () => Promise.resolve('from stdin'),
    onInterrupt(run) {
      interrupts.add(run)
      return () => interrupts.delete(run)
    },
    exit: (code) => exits.push(code),
    written: () => texts.out,
    told: () => texts.err,
    asked,
    typed,
    exits,
    interrupt: () => interrupts.forEach((run) => run()),
    ...change,
  }
}
