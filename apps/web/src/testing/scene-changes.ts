/** What befalls sessions of the scenes while they are looked at. */
import { endings } from '@belay/protocol'
import type { PageServer } from './page-server.ts'

/** The agent of the working session is killed in mid-turn, with two prompts behind it. */
export function failWithQueue(server: PageServer, now: number): void {
  const session = server.sessions.get('working')
  const actions: ('continue' | 'send-again' | 'discard')[] = ['continue', 'send-again', 'discard']
  const end = { turn: 1, outcome: 'failed', code: 'agent-exited', endedAt: now } as const
  const { sentence, retryable, action, fault } = endings['agent-exited']
  const detail = 'The agent was killed (SIGKILL), from outside or for lack of memory.'
  const told = { outcome: end.outcome, code: end.code, sentence, retryable, action, fault, detail }
  session?.append(
    { type: 'prompt-accepted', promptId: 'q1', text: 'Then make the slowest step half as long.' },
    { type: 'prompt-accepted', promptId: 'q2', text: 'Say in the README how it is measured.' },
    { type: 'turn-ended', turn: 1, promptId: 'p1', reached: 'yes', ...told },
  )
  session?.change({
    status: 'undecided',
    why: 'Paused: decide about turn 1; 2 prompts wait.',
    turn: undefined,
    queued: 2,
    held: 2,
    lastTurn: { ...end, reached: 'yes' },
    undecided: { count: 1, turns: [{ ...end, actions, holds: true }] },
  })
}

/** The session that could not be prepared lacks a sign-in of its agent, which offers ways to it. */
export function askForSignIn(server: PageServer, now: number): void {
  const message =
    'The agent needs a sign-in: use its way “Log in with ChatGPT”, or set OPENAI_API_KEY for the server; then retry.'
  server.sessions.get('attention')?.change({
    why: message,
    steps: [
      { step: 'disk', status: 'done', since: now - 9000, ms: 4 },
      { step: 'clone', status: 'done', since: now - 8000, ms: 2210 },
      { step: 'agent-start', status: 'done', since: now - 5000, ms: 640 },
      { step: 'agent-session', status: 'failed', since: now - 4000, ms: 310 },
    ],
    problem: {
      code: 'sign-in-needed',
      message,
      signIn: [
        { id: 'chatgpt', name: 'Log in with ChatGPT' },
        { id: 'device', name: 'Use a device code, for a machine without a browser' },
      ],
    },
  })
}
