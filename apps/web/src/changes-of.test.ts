import { applyFrame, emptyTranscript } from '@belay/client'
import { expect, test } from 'vitest'
import { changesOf, fileChanges, remarksOf } from './changes-of.ts'

function patch(path: string, line: string): string {
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${line}\n+${line}!\n`
}

const transcript = applyFrame(emptyTranscript(), {
  type: 'events',
  events: [
    { seq: 1, at: 1, type: 'prompt-accepted', promptId: 'p1', text: 'First' },
    { seq: 2, at: 2, type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
    {
      seq: 3,
      at: 3,
      type: 'turn-changes',
      turn: 1,
      files: [
        { path: 'b.txt', status: 'added', added: 1, removed: 1 },
        { path: 'pic.png', status: 'added' },
      ],
      patch: patch('b.txt', 'one'),
    },
    {
      seq: 4,
      at: 4,
      type: 'turn-changes',
      turn: 2,
      files: [
        { path: 'b.txt', status: 'changed', added: 2, removed: 1 },
        { path: 'a.txt', status: 'removed', added: 0, removed: 4 },
      ],
      patch: patch('b.txt', 'two'),
    },
  ],
})

test('[W-40] the turns that changed something, the latest first, each with its prompt', () => {
  expect(changesOf(transcript).map(({ turn, prompt }) => [turn, prompt])).toEqual([
    [2, undefined],
    [1, 'First'],
  ])
})

test('[W-40] a session’s changes are those of all its turns, file by file', () => {
  const files = fileChanges(changesOf(transcript))
  expect(files.map(({ path, status, added, removed }) => [path, status, added, removed])).toEqual([
    ['a.txt', 'removed', 0, 4],
    ['b.txt', 'added', 3, 2],
    ['pic.png', 'added', undefined, undefined],
  ])
  const parts = files.find(({ path }) => path === 'b.txt')?.parts
  expect(parts?.map(({ turn, patch: part }) => [turn, part?.lines.length])).toEqual([
    [1, 2],
    [2, 2],
  ])
})

test('[W-97] a list says what is not in it: what was taken back, what was left out, what is not known', () => {
  const [second, first] = changesOf(transcript)
  if (first === undefined || second === undefined) throw new Error('the transcript has changed')
  const turns = [
    { ...second, takenBack: 'part' as const, notes: ['sub is left out.'], problem: 'Not known.' },
    { ...first, takenBack: 'whole' as const, notes: ['of no interest'] },
  ]
  expect(remarksOf(turns, undefined)).toEqual([
    'One turn was taken back and is not in this list: the workspace does not hold what it changed.',
    'Not known.',
    'Turn 2 was taken back but for files that stayed as they were.',
    'Turn 2: sub is left out.',
  ])
  expect(remarksOf(turns, turns[1])).toEqual([
    'This was taken back: the workspace does not hold it any more.',
    'of no interest',
  ])
  expect(remarksOf([second, first], undefined)).toEqual([])
})
