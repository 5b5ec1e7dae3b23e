import { describe, expect, test } from 'vitest'
import type { AgentExit } from '../exit.ts'
import type { ConnectionEffect } from './effect.ts'
import type { ConnectionInput } from './input.ts'
import { connectionPolicy as policy } from './policy.ts'
import { snapshotOf } from './snapshot.ts'
import { connectionAlarm, type ConnectionState, hasChild, initialConnection } from './state.ts'
import { transition } from './transition.ts'

const crash: AgentExit = { code: 1, stderr: ['boom'] }

/** A connection driven by hand on a clock of its own. */
class Rig {
  state: ConnectionState = initialConnection(0)
  now = 0
  chance = 0
  readonly effects: ConnectionEffect[] = []

  feed(...inputs: readonly ConnectionInput[]): this {
    for (const input of inputs) {
      const step = transition(this.state, input, { now: this.now, chance: this.chance, policy })
      this.state = step.state
      this.effects.push(...step.effects)
    }
    return this
  }
  get type(): string {
    return this.state.phase.type
  }
  get generation(): number {
    return this.state.generation
  }
  get launches(): number {
    return this.effects.filter(({ type }) => type === 'launch').length
  }
  get shown() {
    return snapshotOf(this.state, policy, 0)
  }
  exit(exit: AgentExit = crash, generation = this.generation): this {
    return this.feed({ type: 'exited', generation, exit, oomKilled: false })
  }
  ready(): this {
    const { generation } = this
    return this.feed(
      { type: 'launched', generation },
      { type: 'handshaken', generation },
      { type: 'attached', generation },
    )
  }
  wait(ms: number): this {
    this.now += ms
    return this
  }
  /** Lets the next deadline pass, in time. */
  ring(): this {
    this.now = Math.max(this.now, connectionAlarm(this.state) ?? this.now)
    return this.feed({ type: 'alarm' })
  }
}
const started = () => new Rig().feed({ type: 'start' })
const ready = () => started().ready()

/** One of each phase, and each step of a start. */
const phases: Readonly<Record<string, () => Rig>> = {
  idle: () => new Rig(),
  launching: started,
  handshaking: () => started().feed({ type: 'launched', generation: 1 }),
  attaching: () =>
    started().feed({ type: 'launched', generation: 1 }, { type: 'handshaken', generation: 1 }),
  ready,
  degraded: () => ready().feed({ type: 'stream-lost', generation: 1 }),
  probing: () =>
    ready().feed(
      { type: 'stream-lost', generation: 1 },
      { type: 'probed', generation: 1, epoch: 2, alive: false },
    ),
  'stopping for a restart': () => ready().feed({ type: 'retry' }),
  'stopping for good': () => ready().feed({ type: 'stop' }),
  disposing: () => ready().feed({ type: 'dispose' }),
  backoff: () => ready().exit(),
  blocked: () =>
    ready().feed({ type: 'sign-in-needed', generation: 1, message: 'Sign in, please.' }),
  failed: () => started().exit({ code: 0, stderr: [] }),
  unendable: () => ready().feed({ type: 'retry' }).ring().ring(),
  disposed: () => ready().feed({ type: 'dispose' }).exit(),
}

/** Every input, of the present generation, an older and a later one. */
function everyInput(generation: number): ConnectionInput[] {
  return [
    { type: 'start' },
    { type: 'retry' },
    { type: 'stop' },
    { type: 'dispose' },
    { type: 'alarm' },
    ...[generation - 1, generation, generation + 1].flatMap((g): ConnectionInput[] => [
      { type: 'launched', generation: g },
      { type: 'unlaunchable', generation: g, cause: { code: 'missing', title: 'Not there.' } },
      { type: 'start-sign', generation: g },
      { type: 'handshaken', generation: g },
      { type: 'attached', generation: g },
      ...(['sign-in-needed', 'agent-error', 'agent-exited', 'timeout', 'version'] as const).map(
        (code) => ({
          type: 'start-failed' as const,
          generation: g,
          failure: { code, message: code },
        }),
      ),
      { type: 'sign-in-needed', generation: g, message: 'Sign in.' },
      { type: 'closed', generation: g },
      { type: 'exited', generation: g, exit: crash, oomKilled: false },
      { type: 'hung', generation: g },
      { type: 'stream-lost', generation: g },
      { type: 'stream-restored', generation: g },
      { type: 'probed', generation: g, epoch: 2, alive: true },
      { type: 'probed', generation: g, epoch: 2, alive: false },
    ]),
  ]
}

test('[M-1] every input in every phase has a result, and one of another generation changes nothing', () => {
  let results = 0
  for (const [name, make] of Object.entries(phases)) {
    const { generation } = make()
    for (const input of everyInput(generation)) {
      const rig = make()
      const { state } = rig
      const before = rig.effects.length
      rig.wait(10).feed(input)
      results += 1
      const words = `${JSON.stringify(input)} in ${name}`
      expect(rig.state.phase.type, words).toBeDefined()
      const alarm = connectionAlarm(rig.state)
      expect(alarm === undefined || Number.isFinite(alarm), words).toBe(true)
      if (!('generation' in input) || input.generation === generation) continue
      expect(rig.state, words).toBe(state)
      // A process that nobody knows of is killed.
      const expected =
        input.type === 'launched'
          ? [{ type: 'end', generation: input.generation, level: 'kill' }]
          : []
      expect(rig.effects.slice(before), words).toEqual(expected)
    }
  }
  expect(results).toBe(Object.keys(phases).length * everyInput(1).length)
})

describe('a start', () => {
  test('[M-2] launches, shakes hands, attaches, and only then is ready', () => {
    const rig = started()
    expect(rig.effects).toEqual([{ type: 'launch', generation: 1 }])
    rig.feed({ type: 'attached', generation: 1 }, { type: 'handshaken', generation: 1 })
    expect(rig.shown).toMatchObject({ state: 'starting', canSend: 'queue', generation: 1 })
    rig.ready()
    expect(rig.effects.at(-1)).toEqual({ type: 'attach', generation: 1 })
    expect(rig.shown).toMatchObject({ state: 'ready', canSend: 'send', attempt: 0 })
    expect(rig.feed({ type: 'start' }).launches).toBe(1)
  })

  test.each([['launching'], ['handshaking'], ['attaching']])(
    '[M-2] that hangs %s is ended before another begins',
    (name) => {
      const rig = (phases[name] ?? ready)().ring()
      expect(rig.shown).toMatchObject({ state: 'starting' })
      rig.ring()
      expect(rig.shown).toMatchObject({ state: 'stopping', cause: { code: 'timeout' } })
      expect(rig.effects.at(-1)).toMatchObject({ type: 'end', level: 'terminate' })
      expect(rig.launches).toBe(1)
      rig.ring()
      expect(rig.effects.at(-1)).toMatchObject({ type: 'end', level: 'kill' })
      rig.exit({ signal: 'SIGKILL', stderr: [] })
      expect(rig.shown).toMatchObject({ state: 'backoff', cause: { code: 'timeout' }, attempt: 1 })
      expect(rig.ring().launches).toBe(2)
    },
  )

  test('[M-17] that takes long says so after 5 s, before it is given up, and no more once it is ready', () => {
    const rig = started()
    expect(rig.wait(policy.slowMs - 1).feed({ type: 'alarm' }).shown.notice).toBeUndefined()
    expect(rig.wait(1).feed({ type: 'alarm' }).shown).toMatchObject({
      state: 'starting',
      since: 0,
      notice: 'The agent takes longer than usual to start; it has 60 s for it.',
    })
    expect(connectionAlarm(rig.state)).toBe(policy.startMs)
    const { generation } = rig
    rig.feed({ type: 'launched', generation }, { type: 'handshaken', generation })
    expect(rig.shown.notice).toBe('The agent takes longer than usual to open the conversation.')
    expect(rig.feed({ type: 'attached', generation }).shown.notice).toBeUndefined()
    // The next process has its own patience.
    expect(rig.wait(1000).exit().ring().shown.notice).toBeUndefined()
    expect(rig.ring().shown.notice).toBeDefined()
  })

  test.each([['handshaking'], ['attaching']])(
    '[M-30] an agent that answers nothing while %s is given up after the second time, with what it did not answer',
    (name) => {
      const rig = (phases[name] ?? ready)()
      const { generation, step } = { generation: 1, step: name }
      rig.ring().ring().exit(crash, generation)
      const words = step === 'handshaking' ? 'answer initialize' : 'open the conversation'
      const seconds = (step === 'handshaking' ? policy.startMs : policy.attachMs) / 1000
      expect(rig.shown).toMatchObject({
        state: 'backoff',
        cause: { code: 'timeout', title: `The agent did not ${words} within ${seconds} s.` },
      })
      rig.ring().feed({ type: 'launched', generation: 2 })
      if (step === 'attaching') rig.feed({ type: 'handshaken', generation: 2 })
      // That it takes long once more is no news.
      expect(rig.ring().shown.notice).toBeUndefined()
      rig.ring().exit()
      expect(rig.shown).toMatchObject({
        state: 'failed',
        cause: {
          title: `The agent did not ${words} within ${seconds} s, twice in a row.`,
        },
      })
    },
  )

  test('[M-30] two silences of different kinds, or with a good start between them, are none in a row', () => {
    const timeout = (generation: number, message: string) =>
      ({ type: 'start-failed', generation, failure: { code: 'timeout', message } }) as const
    const rig = started().feed(timeout(1, 'No answer to a.')).exit().ring()
    rig.feed(timeout(2, 'No answer to b.')).exit()
    expect(rig.shown.state).toBe('backoff')
    rig.ring().ready().exit().ring()
    rig.feed(timeout(4, 'No answer to b.')).exit()
    expect(rig.shown).toMatchObject({ state: 'backoff' })
    rig.ring().feed(timeout(5, 'No answer to b.')).exit()
    expect(rig.shown).toMatchObject({
      state: 'failed',
      cause: { title: 'No answer to b, twice in a row.' },
    })
  })

  test('[M-17] a notice that comes late, after a sleep, judges nobody', () => {
    const rig = started()
      .wait(policy.startMs - 1)
      .feed({ type: 'alarm' })
    expect(rig.shown.notice).toBeDefined()
    expect(rig.ring().type).toBe('stopping')
  })

  test('[M-18] of a server that goes on printing has 15 s from its last line, within two minutes', () => {
    const sign = (rig: Rig) => rig.feed({ type: 'start-sign', generation: 1 })
    // Early ones take nothing away.
    const rig = sign(started().wait(1000).feed({ type: 'launched', generation: 1 }))
    expect(rig.ring().ring().now).toBe(policy.startMs)
    expect(rig.type).toBe('stopping')

    const slow = started().feed({ type: 'launched', generation: 1 })
    for (let n = 0; n < 11; n++) sign(slow.wait(10_000)).feed({ type: 'alarm' })
    expect(slow.type).toBe('starting')
    expect(slow.shown.notice).toContain('it has 120 s')
    expect(connectionAlarm(slow.state)).toBe(policy.startMsMax)
    expect(sign(slow.wait(9000)).ring().type).toBe('stopping')
    expect(slow.now).toBe(policy.startMsMax)

    const quiet = sign(started().wait(50_000)).feed({ type: 'alarm' })
    expect(connectionAlarm(quiet.state)).toBe(65_000)
    // Opening the conversation has a span of its own.
    const attaching = phases['attaching']?.() ?? ready()
    const { state } = attaching
    expect(sign(attaching).state).toBe(state)
  })

  test('[M-6] that is refused for want of a sign-in is blocked, keeps its process and is not charged', () => {
    const rig = started().feed({
      type: 'start-failed',
      generation: 1,
      failure: {
        code: 'sign-in-needed',
        message: 'Sign in.',
        detail: 'The agent says: no',
        signIn: [{ id: 'web', name: 'Web' }],
      },
    })
    expect(rig.shown).toMatchObject({ state: 'blocked', attempt: 0, canSend: 'queue' })
    expect(rig.shown.cause).toEqual({
      code: 'sign-in-needed',
      title: 'Sign in.',
      detail: 'The agent says: no',
      signIn: [{ id: 'web', name: 'Web' }],
    })
    expect(rig.shown.actions).toContain('sign-in')
    expect(hasChild(rig.state)).toBe(true)
    expect(hasChild(rig.exit().state)).toBe(false)
    expect(rig.type).toBe('blocked')
    expect(rig.feed({ type: 'retry' }).launches).toBe(2)
  })

  test.each(['agent-error', 'version'] as const)(
    '[M-6] that fails by %s is failed at once',
    (code) => {
      const failure = { code, message: 'No.' }
      const rig = started().feed({ type: 'start-failed', generation: 1, failure })
      expect(rig.type).toBe('stopping')
      expect(rig.exit({ code: 0, stderr: [] }).shown).toMatchObject({
        state: 'failed',
        canSend: 'no',
        cause: { code: code === 'version' ? 'version' : 'refused', title: 'No.' },
      })
      expect(rig.launches).toBe(1)
    },
  )
})

describe('a loss', () => {
  test('[M-5] told by exit, end of output and broken input in any order is one', () => {
    const facts: ConnectionInput[] = [
      { type: 'exited', generation: 1, exit: crash, oomKilled: false },
      { type: 'closed', generation: 1 },
      { type: 'closed', generation: 1 },
    ]
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const
    for (const order of orders) {
      const rig = ready()
      for (const index of order) rig.feed(...facts.slice(index, index + 1))
      expect(rig.state.losses).toHaveLength(1)
      expect(rig.shown).toMatchObject({
        state: 'backoff',
        cause: { code: 'crash', exit: { code: 1 } },
      })
    }
  })

  test('[M-5] of a process that closed its output and does not end is made one', () => {
    const rig = ready().feed({ type: 'closed', generation: 1 })
    expect(rig.effects.at(-1)).toMatchObject({ level: 'input' })
    expect(rig.ring().effects.at(-1)).toMatchObject({ level: 'terminate' })
    rig.exit({ signal: 'SIGTERM', stderr: [] })
    expect(rig.shown.cause?.title).toContain('closed its output')
  })

  test('[M-8] waits longer each time, between its share and its span', () => {
    for (const chance of [0, 0.5, 1]) {
      const spans: number[] = []
      const rig = ready()
      rig.chance = chance
      for (let loss = 0; loss < 6; loss++) {
        rig.wait(50_000).exit()
        spans.push((rig.shown.nextRetryAt ?? 0) - rig.now)
        rig.ring().ready()
      }
      const share = 0.5 + 0.5 * chance
      const expected = [250, 1000, 2000, 4000, 8000, 8000].map((span) => Math.round(span * share))
      expect(spans.map((span) => Math.round(span))).toEqual(expected)
    }
  })

  test('[M-8] after a minute of being ready begins with the short wait again', () => {
    const rig = ready().wait(1000).exit().ring().ready().wait(policy.stableMs).exit()
    expect((rig.shown.nextRetryAt ?? 0) - rig.now).toBe(125)
    expect(rig.shown.attempt).toBe(2)
  })
})

describe('the budget', () => {
  /** Losses at these times, each made good. */
  function lossesAt(...times: readonly number[]): Rig {
    const rig = ready()
    for (const at of times) {
      if (rig.type === 'backoff') rig.ring().ready()
      rig.now = at
      rig.exit()
    }
    return rig
  }

  test('[M-7] four losses within three minutes are made good, the fifth is the end of it', () => {
    expect(lossesAt(0, 40_000, 80_000, 179_000).shown).toMatchObject({
      state: 'backoff',
      attempt: 4,
      attemptsMax: 4,
    })
    const fifth = lossesAt(0, 40_000, 80_000, 120_000, 179_000)
    expect(fifth.shown).toMatchObject({ state: 'failed', canSend: 'no' })
    expect(fifth.shown.cause?.title).toBe(
      'The agent stopped by itself (exit code 1). That was the 5th time within 3 min.',
    )
    expect(fifth.shown.actions).toContain('retry')
  })

  test('[M-7] the window slides: at its edge the oldest loss counts no more', () => {
    expect(lossesAt(0, 40_000, 80_000, 120_000, 179_999).type).toBe('failed')
    expect(lossesAt(0, 40_000, 80_000, 120_000, 180_000).type).toBe('backoff')
  })

  test('[M-7] ten losses within an hour are made good, the eleventh is the end of it', () => {
    const every = (ms: number, times: number) => Array.from({ length: times }, (_, n) => n * ms)
    expect(lossesAt(...every(61_000, 10)).type).toBe('backoff')
    expect(lossesAt(...every(61_000, 11)).type).toBe('failed')
    expect(lossesAt(...every(360_000, 11)).type).toBe('backoff')
    expect(lossesAt(...every(359_999, 11)).type).toBe('failed')
  })

  test('[M-7] a Retry of a person begins a new one', () => {
    const rig = lossesAt(0, 1000, 2000, 3000, 4000)
    expect(rig.type).toBe('failed')
    expect(rig.feed({ type: 'start' }).type).toBe('failed')
    rig.feed({ type: 'retry' }).ready()
    expect(rig.exit().shown).toMatchObject({ state: 'backoff', attempt: 1 })
  })

  test('[M-7] two starts that die at once in the same way are enough, two different ones are not', () => {
    const same = started().exit().ring().exit()
    expect(same.shown).toMatchObject({ state: 'failed' })
    expect(same.shown.cause?.title).toContain('twice in a row')
    expect(started().exit().ring().exit({ code: 2, stderr: [] }).type).toBe('backoff')
    const slow = started().wait(policy.startDeathMs).exit().ring().wait(policy.startDeathMs).exit()
    expect(slow.type).toBe('backoff')
  })
})

describe('an intent', () => {
  test.each(Object.keys(phases))('[M-3] stop in %s: nothing is launched any more', (name) => {
    const rig = (phases[name] ?? ready)()
    const { launches } = rig
    rig.feed({ type: 'stop' })
    for (let n = 0; n < 6; n++) rig.wait(100_000).feed({ type: 'alarm' })
    rig.exit().feed({ type: 'launched', generation: 1 }).ready().ring()
    expect(rig.launches).toBe(launches)
    expect(['idle', 'disposed', 'failed']).toContain(rig.type)
  })

  test.each(Object.keys(phases))('[M-4] dispose in %s is for ever', (name) => {
    const rig = (phases[name] ?? ready)()
    const { launches } = rig
    const alive = hasChild(rig.state)
    rig.feed({ type: 'dispose' })
    expect(rig.type).toBe(alive ? 'stopping' : 'disposed')
    rig.feed({ type: 'retry' }, { type: 'start' }, { type: 'stop' })
    if (alive) rig.exit()
    expect(rig.type).toBe('disposed')
    rig.feed({ type: 'retry' }, { type: 'start' }).ring()
    expect(rig.launches).toBe(launches)
  })

  test.each(Object.keys(phases).filter((name) => !name.startsWith('dispos')))(
    '[M-4] retry in %s brings another process, after the end of the old one',
    (name) => {
      const rig = (phases[name] ?? ready)()
      const { launches, generation } = rig
      const alive = hasChild(rig.state)
      rig.feed({ type: 'retry' })
      expect(rig.launches).toBe(launches + (alive ? 0 : 1))
      if (alive) rig.exit()
      rig.ready()
      expect(rig.shown).toMatchObject({ state: 'ready', generation: generation + 1 })
      expect(rig.launches).toBe(launches + 1)
    },
  )

  test('[M-2] a process that the system does not let go of has no other beside it', () => {
    const rig = ready().feed({ type: 'retry' }).ring().ring()
    expect(rig.shown).toMatchObject({ state: 'failed', cause: { code: 'unendable' } })
    rig.feed({ type: 'retry' })
    expect(rig.launches).toBe(1)
    expect(rig.effects.at(-1)).toMatchObject({ type: 'end', level: 'kill' })
    expect(rig.exit().launches).toBe(2)
  })

  test('[M-3] a stop goes by end of input, SIGTERM and SIGKILL', () => {
    const rig = ready().feed({ type: 'stop' }).ring().ring()
    expect(rig.effects.slice(2)).toEqual([
      { type: 'end', generation: 1, level: 'input' },
      { type: 'end', generation: 1, level: 'terminate' },
      { type: 'end', generation: 1, level: 'kill' },
    ])
    expect(rig.now).toBe(policy.stopInputMs + policy.stopTermMs)
  })
})

describe('a stream that is lost', () => {
  const lost = () => ready().feed({ type: 'stream-lost', generation: 1 })
  const probed = (rig: Rig, alive: boolean) =>
    rig.feed({ type: 'probed', generation: 1, epoch: rig.state.epoch, alive })

  test('[M-13] is asked for a sign of life at once, and never a restart by itself', () => {
    const rig = lost()
    expect(rig.shown).toMatchObject({ state: 'degraded', canSend: 'queue' })
    expect(rig.effects.at(-1)).toEqual({ type: 'probe', generation: 1, epoch: 2 })
    for (let n = 0; n < 20; n++) probed(rig, true).ring()
    expect(rig.type).toBe('degraded')
    expect(rig.state.losses).toEqual([])
    rig.feed({ type: 'stream-restored', generation: 1 })
    expect(rig.shown).toMatchObject({ state: 'ready', generation: 1 })
  })

  test('[M-13] hangs after three questions without an answer, within 12 s', () => {
    const rig = lost()
    for (let n = 0; n < 5 && rig.type === 'degraded'; n++) rig.ring()
    expect(rig.shown).toMatchObject({ state: 'stopping', cause: { code: 'hung' } })
    expect(rig.now).toBe(3000 + 1000 + 3000 + 2000 + 3000)
    rig.exit({ signal: 'SIGTERM', stderr: [] })
    expect(rig.shown).toMatchObject({ state: 'backoff', cause: { code: 'hung' }, attempt: 1 })
  })

  test('[M-13] hangs as well when its adapter has asked and says so, and the cause stays with it', () => {
    for (const rig of [ready(), lost(), phases['attaching']?.() ?? ready()]) {
      rig.feed({ type: 'hung', generation: 1 }, { type: 'hung', generation: 1 })
      expect(rig.shown).toMatchObject({ state: 'stopping', cause: { code: 'hung' } })
      expect(rig.effects.at(-1)).toEqual({ type: 'end', generation: 1, level: 'terminate' })
      // A process that is stopped, by a debugger say, hears SIGKILL only.
      expect(rig.ring().effects.at(-1)).toMatchObject({ level: 'kill' })
      rig.exit({ signal: 'SIGKILL', stderr: [] })
      expect(rig.shown).toMatchObject({ state: 'backoff', attempt: 1 })
      expect(rig.shown.cause).toEqual({
        code: 'hung',
        title: 'The agent hung: its process lived and answered no question.',
      })
    }
    const stopped = ready().feed({ type: 'stop' }, { type: 'hung', generation: 1 })
    expect(stopped.exit().shown.state).toBe('idle')
  })

  test('[M-13] an answer to an older question says nothing', () => {
    const rig = probed(lost(), false).ring()
    const { state } = rig
    rig.feed({ type: 'probed', generation: 1, epoch: state.epoch - 1, alive: false })
    expect(rig.state).toBe(state)
  })

  test('[M-9] a deadline that was noticed late, after a sleep, judges nobody', () => {
    const asleep = lost().wait(60_000).feed({ type: 'alarm' })
    expect(asleep.state.phase).toMatchObject({ type: 'degraded', failures: 0, asked: true })
    const starting = started()
      .wait(policy.startMs + policy.lateMsMax + 1)
      .feed({ type: 'alarm' })
    expect(starting.type).toBe('starting')
    expect(starting.ring().type).toBe('stopping')
  })
})
