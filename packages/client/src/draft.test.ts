import { expect, test } from 'vitest'
import {
  draftAccepted,
  draftRefused,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  typeDraft,
} from './draft.ts'

const typed = typeDraft(emptyDraft, 'hello')

test('[V-20] a draft is emptied by the acceptance of exactly its text, and of nothing else', () => {
  const sent = sendDraft(typed, 'p1')
  expect(sent).toEqual({
    text: 'hello',
    sent: { promptId: 'p1', text: 'hello', state: 'under-way' },
  })
  expect(draftAccepted(sent, 'p1')).toEqual(emptyDraft)
  expect(draftAccepted(sent, 'another')).toBe(sent)
  expect(draftAccepted(typeDraft(sent, 'hello you'), 'p1')).toEqual({ text: 'hello you' })
})

test('[V-20] a draft that was refused or not answered stays, with the reason until the next key', () => {
  const sent = sendDraft(typed, 'p1')
  const refused = draftRefused(sent, 'p1', 'The queue is full.')
  expect(refused).toEqual({ text: 'hello', problem: 'The queue is full.' })
  expect(typeDraft(refused, 'hello!')).toEqual({ text: 'hello!', problem: undefined })
  expect(draftUnanswered(sent, 'p1', 'No answer.')).toMatchObject({
    text: 'hello',
    problem: 'No answer.',
  })
  expect(draftUnanswered(sent, 'p0', 'No answer.')).toBe(sent)
  expect(draftRefused(sent, 'p0', 'No.')).toBe(sent)
})

test('[V-21] the same text after no answer keeps its prompt id; a changed or refused one gets a new one', () => {
  const unanswered = draftUnanswered(sendDraft(typed, 'p1'), 'p1', 'No answer.')
  expect(sendDraft(unanswered, 'p2').sent.promptId).toBe('p1')
  expect(sendDraft(typeDraft(unanswered, 'bye'), 'p2').sent.promptId).toBe('p2')
  const back = typeDraft(typeDraft(unanswered, 'bye'), 'hello')
  expect(sendDraft(back, 'p2').sent.promptId).toBe('p1')
  expect(sendDraft(draftRefused(sendDraft(typed, 'p1'), 'p1', 'No.'), 'p2').sent.promptId).toBe(
    'p2',
  )
})
