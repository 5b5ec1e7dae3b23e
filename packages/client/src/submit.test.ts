/** The whole way of a submit, in every order in which a page may die and a server may answer. */
import { expect, test } from 'vitest'
import {
  attachFile,
  type Draft,
  type DraftFile,
  draftAccepted,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  typeDraft,
} from './draft.ts'

const file: DraftFile = { key: 'f1', name: 'a.png', type: 'image/png', bytes: 3, data: 'YWJj' }

type Step =
  /** The reading of a file that was pasted ends. */
  | 'attached'
  | 'typed-more'
  /** The request goes out. */
  | 'sent'
  /** The server has it on disk. */
  | 'stored'
  /** The page hears so: by the answer, or by the log. */
  | 'heard'
  | 'no-answer'
  /** The page dies and is opened again: what was stored is read, what was under way is not. */
  | 'crash'

/** A page, a shelf and a server, driven step by step. */
class Way {
  draft: Draft = typeDraft(emptyDraft, 'look at this')
  /** Prompts on the server's disk, by id: one id is stored once. */
  readonly disk = new Map<string, { readonly text: string; readonly files: number }>()
  readonly flying: { readonly id: string; readonly text: string; readonly files: number }[] = []
  #ids = 0
  #pasted = true

  step(step: Step): void {
    switch (step) {
      case 'attached':
        // A page that died meanwhile reads no file to its end.
        if (this.#pasted) this.draft = attachFile(this.draft, file)
        this.#pasted = false
        return
      case 'typed-more':
        this.draft = typeDraft(this.draft, `${this.draft.text} again`)
        return
      case 'sent': {
        if (this.draft.text === '' || this.draft.sent?.state === 'under-way') return
        const sending = sendDraft(this.draft, `p${++this.#ids}`)
        this.draft = sending
        const { text, files = [], promptId } = { ...sending.sent, files: sending.files }
        this.flying.push({ id: promptId, text, files: files.length })
        return
      }
      case 'stored':
        for (const { id, ...prompt } of this.flying.splice(0))
          if (!this.disk.has(id)) this.disk.set(id, prompt)
        return
      case 'heard':
        for (const id of this.disk.keys()) this.draft = draftAccepted(this.draft, id)
        return
      case 'no-answer': {
        const { sent } = this.draft
        if (sent !== undefined) this.draft = draftUnanswered(this.draft, sent.promptId)
        return
      }
      case 'crash': {
        const { problem: _, ...kept } = this.draft
        this.draft = JSON.parse(JSON.stringify(kept))
        if (this.draft.sent !== undefined)
          this.draft = { ...this.draft, sent: { ...this.draft.sent, state: 'unanswered' } }
        this.#pasted = false
        return
      }
    }
  }
}

function orders<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  if (values.length <= 1) return [values]
  return values.flatMap((value, index) =>
    orders(values.toSpliced(index, 1)).map((rest) => [value, ...rest]),
  )
}

/** What must be true however it came about: all that was typed is on the disk or in the draft. */
function expectNothingLost(way: Way, order: readonly Step[]): void {
  const words = [...way.disk.values()].map(({ text }) => text)
  const kept = [...words, way.draft.text].join(' ')
  expect(kept, order.join()).toContain('look at this')
  expect(kept, order.join()).toContain(order.includes('typed-more') ? 'again' : 'look')
}

test('[V-20] [V-21] in every order of typing, attaching, sending, storing, hearing and dying nothing is lost or doubled', () => {
  const steps: readonly Step[] = [
    'attached',
    'typed-more',
    'sent',
    'stored',
    'heard',
    'no-answer',
    'crash',
  ]
  let stored = 0
  for (const order of orders(steps)) {
    const way = new Way()
    for (const [index, step] of order.entries()) {
      way.step(step)
      expectNothingLost(way, order.slice(0, index + 1))
    }
    // The person sends what is left, if anything is; then everything is answered.
    for (let sendings = 1; sendings <= 2; sendings++)
      for (const step of ['heard', 'sent', 'stored', 'heard'] as const) way.step(step)
    expectNothingLost(way, order)
    expect(way.draft.text, order.join()).toBe('')
    // The same words with a file that came later are another prompt.
    const prompts = [...way.disk.values()].map(({ text, files }) => `${text} + ${files}`)
    expect(new Set(prompts).size, `${order.join()}: ${prompts.join(' | ')}`).toBe(prompts.length)
    stored += prompts.length
  }
  expect(stored).toBeGreaterThanOrEqual(5040)
})

test('[V-20] a crash while a file is read loses the file and not the words', () => {
  const way = new Way()
  for (const step of ['crash', 'attached', 'sent', 'stored', 'heard'] as const) way.step(step)
  expect([...way.disk.values()]).toEqual([{ text: 'look at this', files: 0 }])
})

test('[V-21] a crash between hand-over and acceptance: the same is sent again under its id, with its file', () => {
  for (const reached of [true, false]) {
    const way = new Way()
    way.step('attached')
    way.step('sent')
    if (reached) way.step('stored')
    else way.flying.length = 0
    way.step('crash')
    expect(way.draft).toMatchObject({ text: 'look at this', files: [file] })
    for (const step of ['sent', 'stored', 'heard'] as const) way.step(step)
    expect([...way.disk]).toEqual([['p1', { text: 'look at this', files: 1 }]])
    expect(way.draft).toEqual(emptyDraft)
  }
})

test('[V-20] after acceptance newer words and files stay, and what was accepted goes', () => {
  const sent = sendDraft(attachFile(typeDraft(emptyDraft, 'one'), file), 'p1')
  const newer = attachFile(typeDraft(sent, 'one two'), { ...file, key: 'f2' })
  expect(draftAccepted(newer, 'p1')).toEqual({ text: 'one two', files: [{ ...file, key: 'f2' }] })
  expect(draftAccepted(sent, 'p1')).toEqual(emptyDraft)
})
