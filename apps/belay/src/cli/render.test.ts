import { type LogEntry, logged } from '@belay/testing'
import { expect, test } from 'vitest'
import { changedLines } from './diff.ts'
import { harmless, painter } from './paint.ts'
import { Renderer } from './render.ts'
import { mayColor } from './world.ts'

function render(entries: readonly LogEntry[], color = false): string {
  const renderer = new Renderer(painter(color), 0)
  const shown = logged(entries).map((event) => renderer.next(event))
  return shown.join('') + renderer.finish()
}

const ended = {
  type: 'turn-ended',
  turn: 1,
  promptId: 'p1',
  outcome: 'failed',
  code: 'agent-exited',
  sentence: 'The agent stopped in the middle of the turn.',
  detail: 'exit code 1',
  reached: 'yes',
  retryable: true,
  action: 'continue',
  fault: 'agent',
} as const

const turn: LogEntry[] = [
  {
    type: 'session-created',
    session: 's',
    title: 't',
    agent: { name: 'a' },
    workspace: { type: 'folder', path: '/w' },
  },
  { type: 'prompt-accepted', promptId: 'p1', text: 'do it\nwell' },
  { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
  { type: 'thought', turn: 1, text: 'Let me ' },
  { type: 'thought', turn: 1, text: 'see.' },
  { type: 'text', turn: 1, text: 'I will ' },
  { type: 'agent-update', turn: 1, update: { sessionUpdate: 'usage' } },
  { type: 'text', turn: 1, text: 'edit.' },
  { type: 'tool', turn: 1, toolCallId: 't1', title: 'Edit a.ts', status: 'pending' },
  { type: 'tool', turn: 1, toolCallId: 't1', status: 'in_progress' },
  { type: 'prompt-accepted', promptId: 'p2', text: 'then this' },
  {
    type: 'tool',
    turn: 1,
    toolCallId: 't1',
    status: 'completed',
    content: [{ type: 'diff', path: 'a.ts', oldText: 'one\ntwo\n', newText: 'one\n2\n' }],
  },
  { type: 'tool', turn: 1, toolCallId: 't1', title: 'Edit a.ts again' },
  {
    type: 'plan',
    turn: 1,
    entries: [{ content: 'first', status: 'completed' }, { content: 'second' }],
  },
  {
    type: 'plan',
    turn: 1,
    entries: [
      { content: 'first', status: 'completed' },
      { content: 'second', status: 'in_progress' },
    ],
  },
  {
    type: 'permission-asked',
    turn: 1,
    permissionId: 'q1',
    title: 'Run npm test',
    options: [
      { optionId: 'y', name: 'Allow', kind: 'allow_once' },
      { optionId: 'n', name: 'Reject', kind: 'reject_once' },
    ],
  },
  { type: 'permission-settled', permissionId: 'q1', optionId: 'y', by: 'page' },
  {
    type: 'tool',
    turn: 1,
    toolCallId: 't2',
    title: 'npm test',
    status: 'failed',
    content: [{ type: 'content', content: { type: 'text', text: 'boom\n' } }],
  },
  { type: 'tool', turn: 1, toolCallId: 't3', title: 'Sleep', status: 'in_progress' },
  { type: 'agent-exited', agentGeneration: 1, code: 1, expected: false, stderr: ['last words'] },
  ended,
]

test('[V-60] a turn is told in order, each thing once: a tool at its start and its end, a plan’s changes, the end with what to do', () => {
  expect(render(turn)).toBe(`
> do it
> well

Let me see.

I will edit.
▸ Edit a.ts
· Queued: then this
✓ Edit a.ts 3.0 s
  a.ts:2
  - two
  + 2
  ☑ first
  ☐ second
  ▸ second
? Run npm test
    1  Allow
    2  Reject
  → Allowed once, by page
✗ npm test 0.0 s
    boom
▸ Sleep
✗ The agent stopped by itself (exit code 1).
    last words
? Sleep (nobody can say how it ended) 2.0 s

■ The agent stopped in the middle of the turn. worked 17.0 s · waited 1.0 s for you
    exit code 1
  Send a prompt to go on from here.
`)
})

test('[V-60] speech that a tool’s end interrupts goes on in a line of its own', () => {
  const said = render([
    { type: 'tool', turn: 1, toolCallId: 't', title: 'T', status: 'pending' },
    { type: 'text', turn: 1, text: 'half ' },
    { type: 'tool', turn: 1, toolCallId: 't', status: 'completed' },
    { type: 'text', turn: 1, text: 'whole' },
    { type: 'text', turn: 1, text: 'next', messageId: 'm2' },
  ])
  expect(said).toBe('▸ T\n\nhalf \n✓ T 2.0 s\nwhole\n\nnext\n')
})

test('[V-61] what an agent says cannot steer the terminal, wherever it says it', () => {
  const evil = '\u001B[2J\u009B31m\r\u0007\u202Etxt'
  expect(harmless(`a${evil}b\tc\n`)).toBe('a[2J31mtxtb\tc\n')
  const said = render([
    { type: 'prompt-accepted', promptId: 'p1', text: evil },
    { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
    { type: 'text', turn: 1, text: evil },
    { type: 'thought', turn: 1, text: evil },
    {
      type: 'tool',
      turn: 1,
      toolCallId: 't',
      title: evil,
      status: 'failed',
      content: [
        { type: 'content', content: { type: 'text', text: evil } },
        { type: 'diff', path: evil, oldText: evil, newText: 'x' },
      ],
    },
    { type: 'plan', turn: 1, entries: [{ content: evil }] },
    {
      type: 'permission-asked',
      turn: 1,
      permissionId: 'q',
      title: evil,
      options: [{ optionId: 'o', name: evil, kind: 'allow_once' }],
    },
    { type: 'permission-settled', permissionId: 'q', optionId: 'o', by: evil },
    { type: 'agent-exited', agentGeneration: 1, expected: false, stderr: [evil] },
    { ...ended, detail: evil },
  ])
  expect(said.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\u202E]/u)
  expect(said.match(/txt/g)?.length).toBeGreaterThan(10)
})

test('[V-70] without colour there is no escape, with colour the text is the same', () => {
  const plain = render(turn)
  const colored = render(turn, true)
  expect(plain).not.toContain('\u001B')
  expect(colored).toContain('\u001B[31m- two\u001B[39m')
  expect(mayColor(true, {})).toBe(true)
  expect(mayColor(true, { NO_COLOR: '1' })).toBe(false)
  expect(mayColor(undefined, {})).toBe(false)
  expect(colored.replaceAll(/\p{Cc}\[\d+m/gu, '')).toBe(plain)
})

test('[V-60] a diff is what lies between the common beginning and the common end', () => {
  expect(changedLines('', 'a\n')).toEqual({ line: 1, removed: [], added: ['a'] })
  expect(changedLines('a\nb\nc\n', 'a\nc\n')).toEqual({ line: 2, removed: ['b'], added: [] })
  expect(changedLines('a\na\n', 'a\na\na\n')).toEqual({ line: 3, removed: [], added: ['a'] })
  expect(changedLines('a', 'a')).toEqual({ line: 2, removed: [], added: [] })
})
