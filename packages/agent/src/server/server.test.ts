/** The small pure parts of talking to an agent server. */
import { expect, test } from 'vitest'
import { listeningAt, passwordVariables } from './listening.ts'
import { messageId } from './message-id.ts'
import { serverPolicy } from './policy.ts'
import { permissionReply, questionReply } from './server-ask.ts'
import { modelsOf, modesOf } from './server-offer.ts'
import { turnOutcome } from './turn-outcome.ts'
import { beginWatch, heard, probed, tick, tickMs, type Watch } from './watch.ts'

test('[A-46] the listening line is found in noise, and no address beyond loopback is one', () => {
  const url = 'http://127.0.0.1:4096'
  expect(listeningAt(`opencode server listening on ${url}`)).toEqual({ name: 'opencode', url })
  expect(listeningAt(`[12:00] info: kilo server listening on ${url}/ (ready)`)).toEqual({
    name: 'kilo',
    url,
  })
  for (const not of [
    'opencode server listening on http://0.0.0.0:4096',
    'opencode server listening on http://127.0.0.1:4096.example.org',
    'opencode server listening on http://127.0.0.1:99999',
    'opencode server listening on http://127.0.0.1:0',
    'other server listening on http://127.0.0.1:1',
    'listening on http://127.0.0.1:1',
    '',
  ])
    expect(listeningAt(not)).toBeUndefined()
  expect(passwordVariables('p')).toEqual({
    OPENCODE_SERVER_PASSWORD: 'p',
    KILO_SERVER_PASSWORD: 'p',
  })
})

test('[A-47] ids of ours grow with time and have the form of the server’s', () => {
  const random = Uint8Array.from({ length: 14 }, (_, index) => index * 19)
  const ids = [0, 1, 1_795_245_785_399, 1_795_245_785_400].map((now) =>
    messageId('msg', now, random),
  )
  for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/)
  expect(ids[2]?.slice(4, 16)).toBe('1fcfcc137000')
  expect(ids.slice(0, 2)).toEqual(ids.slice(0, 2).toSorted())
  expect(ids.slice(2)).toEqual(ids.slice(2).toSorted())
})

test('[A-44] a server is hung after three unanswered questions, within 27 s of its last sign', () => {
  // However the looks fall between what happens, and though an answer is missed only after a look.
  for (const first of [1, tickMs / 2, tickMs]) {
    let watch = beginWatch(0)
    const asked: number[] = []
    let hung: number | undefined
    let answerAt: number | undefined
    for (let now = 1; now < 60_000 && hung === undefined; now++) {
      if (now >= first && (now - first) % tickMs === 0) {
        const ticked = tick(watch, now, serverPolicy)
        watch = ticked.watch
        if (ticked.act === 'probe') {
          asked.push(now)
          answerAt = now + serverPolicy.probeMs
        }
      }
      if (now !== answerAt) continue
      const judged = probed(watch, false, now, serverPolicy)
      watch = judged.watch
      if (judged.act === 'hung') hung = now
    }
    expect(asked).toHaveLength(3)
    expect(asked[0]).toBeGreaterThanOrEqual(serverPolicy.silenceMs)
    expect(hung).toBeLessThanOrEqual(27_000)
  }
})

test('[A-44] an answer opens the stream again; a sign of life, and our own sleep, judge nobody', () => {
  const silent = (watch: Watch, from: number, to: number) => {
    let last = { watch, act: 'nothing' }
    let now = from
    for (; now <= to && last.act === 'nothing'; now += tickMs)
      last = tick(last.watch, now, serverPolicy)
    return { ...last, now: now - tickMs }
  }
  const asked = silent(beginWatch(0), tickMs, 20_000)
  expect(asked).toMatchObject({ act: 'probe', now: 14_000 })
  expect(probed(asked.watch, true, 14_100, serverPolicy)).toEqual({
    watch: { heardAt: 14_100, tickedAt: 14_000, probe: { state: 'none' } },
    act: 'reopen',
  })
  // It spoke meanwhile: the lost answer says nothing any more.
  expect(probed(heard(asked.watch, 14_050), false, 17_000, serverPolicy).act).toBe('nothing')
  // The machine slept for an hour, or its clock was set back.
  for (const now of [3_600_000, -3_600_000])
    expect(tick(beginWatch(0), now, serverPolicy)).toEqual({
      watch: beginWatch(now),
      act: 'nothing',
    })
})

test('[A-49] a turn’s end is a stop reason or says what went wrong', () => {
  const answer = (finish?: string, error?: { name: string; message: string }) => ({
    completed: true,
    finish,
    error,
  })
  const stopped = (stopReason: string) => ({ type: 'stopped', stopReason })
  expect(turnOutcome(answer('stop'), undefined, false)).toEqual(stopped('end_turn'))
  expect(turnOutcome(answer('length'), undefined, false)).toEqual(stopped('max_tokens'))
  expect(turnOutcome(answer('content-filter'), undefined, false)).toEqual(stopped('refusal'))
  expect(turnOutcome(answer(undefined), undefined, true)).toEqual(stopped('cancelled'))
  expect(
    turnOutcome(answer(undefined, { name: 'MessageAbortedError', message: '' }), undefined, false),
  ).toEqual(stopped('cancelled'))
  expect(
    turnOutcome(
      answer(undefined, { name: 'ProviderAuthError', message: 'no key' }),
      undefined,
      false,
    ),
  ).toMatchObject({ code: 'sign-in-needed' })
  expect(turnOutcome(undefined, { name: 'APIError', message: '401' }, false)).toMatchObject({
    code: 'agent-error',
    message: 'APIError: 401',
  })
  // A swallowed prompt is not a finished one.
  expect(turnOutcome(undefined, undefined, false)).toMatchObject({ type: 'failed' })
})

test('[A-49] modes are what a person can talk to, models have their provider in their id', () => {
  const agents = [
    { name: 'title', mode: 'primary', hidden: true },
    { name: 'build', mode: 'primary', description: 'Builds.' },
    { name: 'explore', mode: 'subagent' },
    { name: 'plan', mode: 'all' },
  ]
  expect(modesOf(agents, {})).toEqual({
    current: 'build',
    available: [
      { id: 'build', name: 'build', description: 'Builds.' },
      { id: 'plan', name: 'plan' },
    ],
  })
  expect(modesOf(agents, { mode: 'plan' })?.current).toBe('plan')
  expect(modesOf('nonsense', {})).toBeUndefined()
  const providers = {
    providers: [
      {
        id: 'p',
        models: {
          a: { name: 'A', limit: { context: 10 } },
          'b/c': { name: '', capabilities: { input: { image: false } } },
        },
      },
    ],
    default: { p: 'a' },
  }
  expect(modelsOf(providers, {}, { model: 'p/b/c' }).choices).toEqual({
    current: 'p/b/c',
    available: [
      { id: 'p/a', name: 'A' },
      { id: 'p/b/c', name: 'b/c' },
    ],
  })
  const current = (config: unknown, chosen = {}) =>
    modelsOf(providers, config, chosen).choices?.current
  expect(current({}, { model: 'gone' })).toBe('p/a')
  // What a person configured for the server itself goes before its default.
  expect(current({ model: 'p/b/c' })).toBe('p/b/c')
  expect(current({ model: 'p/b/c' }, { model: 'p/a' })).toBe('p/a')
  expect(current({ model: 7 })).toBe('p/a')
  expect(modelsOf(providers, {}, {}).contextSizes.get('p/a')).toBe(10)
  expect([...modelsOf(providers, {}, {}).blind]).toEqual(['p/b/c'])
})

test('[A-43] an answer goes to the route of its kind; none is a no', () => {
  expect(permissionReply('per_1', 'always')).toEqual({
    path: '/permission/per_1/reply',
    body: { reply: 'always' },
  })
  expect(permissionReply('per_1', undefined).body).toEqual({ reply: 'reject' })
  expect(questionReply('que_1', ['red', 'blue'], '1')).toEqual({
    path: '/question/que_1/reply',
    body: { answers: [['blue']] },
  })
  expect(questionReply('que_1', ['red'], 'belay:decline').path).toBe('/question/que_1/reject')
  expect(questionReply('que_1', ['red'], undefined).path).toBe('/question/que_1/reject')
})
