import { expect, test } from 'vitest'
import {
  attachFile,
  draftAccepted,
  draftRefused,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  unanswered,
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
  expect(draftUnanswered(sent, 'p1')).toMatchObject({ text: 'hello' })
  expect(draftUnanswered(sent, 'p0')).toBe(sent)
  expect(draftRefused(sent, 'p0', 'No.')).toBe(sent)
})

test('[V-21] the same text after no answer keeps its prompt id; a changed or refused one gets a new one', () => {
  const lost = draftUnanswered(sendDraft(typed, 'p1'), 'p1')
  expect(sendDraft(lost, 'p2').sent.promptId).toBe('p1')
  expect(sendDraft(typeDraft(lost, 'bye'), 'p2').sent.promptId).toBe('p2')
  const back = typeDraft(typeDraft(lost, 'bye'), 'hello')
  expect(sendDraft(back, 'p2').sent.promptId).toBe('p1')
  expect(sendDraft(draftRefused(sendDraft(typed, 'p1'), 'p1', 'No.'), 'p2').sent.promptId).toBe(
    'p2',
  )
})

test('[V-22] what was sent without an answer goes again as it is, and no more once it was changed', () => {
  const sent = sendDraft(typed, 'p1', 3)
  expect(unanswered(sent)).toBeUndefined()
  const lost = draftUnanswered(sent, 'p1')
  expect(unanswered(lost)).toMatchObject({ promptId: 'p1', steers: 3 })
  expect(unanswered(typeDraft(lost, 'hello you'))).toBeUndefined()
  expect(unanswered(typeDraft(typeDraft(lost, ''), 'hello'))).toMatchObject({ promptId: 'p1' })
  const file = { key: 'k', name: 'a.txt', type: 'text/plain', bytes: 1, data: 'YQ==' }
  expect(unanswered(attachFile(lost, file))).toBeUndefined()
  expect(unanswered(draftAccepted(lost, 'p1'))).toBeUndefined()
  expect(unanswered(draftRefused(lost, 'p1', 'No.'))).toBeUndefined()
})
