import { sessionView } from '@belay/testing'
import type { SessionView } from '@belay/protocol'
import { describe, expect, test } from 'vitest'
import { waysOn } from './ways.ts'

const turn = { turn: 4, outcome: 'failed', code: 'agent-exited', endedAt: 1 } as const
const actions: ('continue' | 'send-again' | 'discard')[] = ['continue', 'send-again', 'discard']
const signIn = [{ id: 'key', name: 'API key' }]
const link: NonNullable<SessionView['agentLink']> = {
  state: 'failed',
  generation: 1,
  since: 1,
  attempt: 4,
  attemptsMax: 4,
  canSend: 'no',
  actions: ['restart'],
}

describe('[V-204] why names the commands for whatever a person is waited for', () => {
  test.each<[string, Partial<SessionView>, readonly string[]]>([
    ['nothing to do', { status: 'working' }, []],
    ['a failed preparation', { status: 'attention' }, ['belay retry s1']],
    [
      'one that wants a sign-in',
      { status: 'attention', problem: { code: 'sign-in-needed', message: '', signIn } },
      ['belay retry s1', 'belay agent login s1'],
    ],
    [
      'an undecided turn',
      { status: 'undecided', undecided: { count: 1, turns: [{ ...turn, actions }] } },
      ['belay resolve s1 continue|send-again|discard'],
    ],
    [
      'prompts that it holds',
      {
        status: 'undecided',
        held: 1,
        undecided: {
          count: 2,
          turns: [
            { ...turn, actions, holds: true },
            { ...turn, turn: 5, actions: [] },
          ],
        },
      },
      ['belay resolve s1 continue|send-again|discard', 'belay queue s1 --go-on'],
    ],
    [
      'a question',
      {
        status: 'waiting-person',
        permissions: [{ permissionId: 'x', turn: 1, title: 'May I?', options: [], askedAt: 1 }],
      },
      ['belay attach s1'],
    ],
    ['an agent that is given up', { status: 'idle', agentLink: link }, ['belay agent restart s1']],
    [
      'an agent that starts again by itself',
      { status: 'idle', agentLink: { ...link, state: 'backoff' } },
      [],
    ],
  ])('%s', (_, view, ways) => {
    expect(waysOn(sessionView({ id: 's1', ...view }))).toEqual(ways)
  })
})
