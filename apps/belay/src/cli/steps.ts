/**
 * A preparation in a terminal: its steps and their output as they happen, said once each.
 *
 * Steps are signals: nobody is owed them, and they are no part of a session's text. So they go where messages go.
 *
 * Invariants:
 * - V-77 A line of output is shown once, though each signal carries the last of it again. A step that took no time
 *   worth a word is not shown.
 */
import { stepWords } from '@belay/client'
import type { SessionView, StepState } from '@belay/protocol'
import { duration, harmless, oneLine, type Paint } from './paint.ts'

/** A step that was over before anybody could wonder says nothing. */
const worthMs = 500

interface Shown {
  readonly begun: boolean
  readonly ended: boolean
  /** The end of the output so far, whole lines. */
  readonly tail: string
}

const nothing: Shown = { begun: false, ended: false, tail: '' }

export class StepTeller {
  readonly #paint: Paint
  #shown = new Map<string, Shown>()
  #attempt = 0

  constructor(paint: Paint) {
    this.#paint = paint
  }

  /** @returns the lines to add, each ended */
  next({ status, attempt, steps }: Pick<SessionView, 'status' | 'attempt' | 'steps'>): string {
    if (attempt !== this.#attempt) this.#shown = new Map()
    this.#attempt = attempt
    // What went wrong is told by the event of the failure.
    if (status !== 'preparing') return ''
    return steps
      .flatMap((step) => this.#step(step))
      .map((line) => `${line}\n`)
      .join('')
  }

  #step(step: StepState): readonly string[] {
    const key = `${step.step} ${step.index ?? 0}`
    const was = this.#shown.get(key) ?? nothing
    if (was.ended) return []
    const isOver = step.status !== 'started'
    const tail = wholeLines(harmless(step.tail ?? ''), isOver)
    const output = linesAfter(was.tail, tail)
    const isWorth = step.step === 'setup' || isSlow(step)
    const begins = !was.begun && isWorth
    const ends = isOver && isWorth
    this.#shown.set(key, { begun: was.begun || begins, ended: isOver, tail })
    return [
      ...(begins ? [this.#paint('dim', `· ${this.#title(step)} …`)] : []),
      ...output.map((line) => this.#paint('dim', `    ${line}`)),
      ...(ends ? [this.#end(step)] : []),
    ]
  }

  #title(step: StepState): string {
    const { index, count } = step
    const which = index === undefined || count === undefined ? '' : ` (${index} of ${count})`
    return oneLine(stepWords(step)) + which
  }

  #end(step: StepState): string {
    const [mark, color] =
      step.status === 'failed' ? (['✗', 'red'] as const) : (['✓', 'green'] as const)
    return `  ${this.#paint(color, mark)} ${this.#paint('dim', duration(step.ms ?? 0))}`
  }
}

/** Whether anybody could have wondered what it does: it said how far it is, or it took its time. */
function isSlow({ status, tail, detail, ms = 0 }: StepState): boolean {
  const isFar = status === 'started' && detail !== undefined
  return isFar || tail !== undefined || ms >= worthMs
}

/** A line that is still being written is shown when it is whole, so that none is shown in pieces. */
function wholeLines(text: string, isOver: boolean): string {
  if (isOver || text.endsWith('\n')) return text.trimEnd()
  return text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
}

/** @returns the lines of `now` that are not in `before`, where both end somewhere in the same output */
function linesAfter(before: string, now: string): readonly string[] {
  if (now === '') return []
  const old = before === '' ? [] : before.split('\n')
  const lines = now.split('\n')
  for (let kept = Math.min(old.length, lines.length); kept > 0; kept -= 1) {
    const end = old.slice(-kept)
    // The beginning of a tail may be half a line.
    if (
      end.every(
        (line, index) => lines[index] === line || (index === 0 && line.endsWith(lines[0] ?? '')),
      )
    )
      return lines.slice(kept)
  }
  return lines
}
