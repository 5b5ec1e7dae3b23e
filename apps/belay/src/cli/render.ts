/**
 * A session as text that is only ever appended to, so it reads the same in a terminal and in a file.
 *
 * Owns: speech, which is streamed, and where a line has to be ended for something else. `lines.ts` has what the other
 * events look like.
 *
 * Invariants:
 * - V-60 The same events give the same text, however they were cut into frames and whatever the connection did.
 * - V-61 Nothing an agent says can do anything to a terminal but be read.
 */
import {
  applyFrame,
  emptyTranscript,
  itemAt,
  type Transcript,
  type ViewerEvent,
  type ViewerFrame,
} from '@belay/client'
import { linesOf, noticeLines } from './lines.ts'
import { harmless, type Paint } from './paint.ts'

export class Renderer {
  readonly #paint: Paint
  #transcript: Transcript
  /** Whether the last line was ended. */
  #fresh = true
  #begun = false

  /** @param after what came up to this event is not shown */
  constructor(paint: Paint, after: number) {
    this.#paint = paint
    this.#transcript = emptyTranscript(after)
  }

  /** @returns what to append for the next event */
  next(event: ViewerEvent): string {
    const before = this.#transcript
    this.#transcript = applyFrame(before, { type: 'events', events: [event] })
    const text =
      event.type === 'text' || event.type === 'thought'
        ? this.#speech(event, before)
        : this.#lines(linesOf(this.#paint, { event, before, after: this.#transcript }))
    this.#begun ||= text !== ''
    return text
  }

  /** @returns what to append when a stream begins: nothing, or that events in between are not kept any more */
  begin(frame: Extract<ViewerFrame, { type: 'snapshot' }>): string {
    const { length } = this.#transcript.items
    this.#transcript = applyFrame(this.#transcript, frame)
    const item = itemAt(this.#transcript.items, -1)
    const isNew = this.#transcript.items.length > length
    if (!isNew || item?.type !== 'notice') return ''
    this.#begun = true
    return this.#lines(noticeLines(this.#paint, item.event))
  }

  /** Whether speech left its line open. */
  get midLine(): boolean {
    return !this.#fresh
  }

  /** Ends the line that speech left open. */
  finish(): string {
    const end = this.#fresh ? '' : '\n'
    this.#fresh = true
    return end
  }

  #speech(event: Extract<ViewerEvent, { type: 'text' | 'thought' }>, before: Transcript): string {
    const text = harmless(event.text)
    if (text === '') return ''
    const item = itemAt(this.#transcript.items, -1)
    const goesOn = itemAt(before.items, -1)?.key === item?.key
    const isLate = (item?.type === 'text' || item?.type === 'thought') && item.late
    const late = isLate ? `${this.#paint('dim', `Said after turn ${event.turn} was over:`)}\n` : ''
    const lead = goesOn ? '' : `${this.finish()}${this.#begun ? '\n' : ''}${late}`
    this.#fresh = text.endsWith('\n')
    return lead + (event.type === 'thought' ? this.#paint('dim', text) : text)
  }

  #lines(lines: readonly string[]): string {
    return lines.length === 0 ? '' : `${this.finish()}${lines.join('\n')}\n`
  }
}
