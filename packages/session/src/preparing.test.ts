/** Preparation in the open, retries with other settings, and the workspace's own commands. */
import type { Report, ReportOf } from '@belay/protocol'
import { viewOf } from '@belay/session'
import { agentReady, createdSession, runningTurn, type Scenario, unchanged } from '@belay/testing'
import { describe, expect, test } from 'vitest'

const step = (
  name: ReportOf<'step'>['step'],
  status: ReportOf<'step'>['status'],
  more: Partial<ReportOf<'step'>> = {},
): Report => ({ type: 'step', step: name, status, ...more })
const refusedAs = (code: string) =>
  expect.objectContaining({ type: 'refused', refusal: expect.objectContaining({ code }) })
const stepsOf = (s: Scenario) => viewOf(s.state, s.id).steps

function dialled(first?: string): Scenario {
  const s = createdSession(first)
  s.input({ type: 'runner-hello', generation: s.state.runner.generation, received: 0 })
  return s
}
function failed(first?: string): Scenario {
  const s = dialled(first)
  s.report(step('disk', 'started'), step('disk', 'done'), step('setup', 'started', { index: 1 }))
  s.report({ type: 'prepare-failed', step: 'setup', code: 'setup-failed', message: 'It failed.' })
  return s
}

describe('steps', () => {
  test('[S-50] are kept with their time and output as they come, and are no events', () => {
    const s = dialled()
    const events = s.events.length
    s.report(step('disk', 'started'))
    s.wait(30)
    s.report(step('disk', 'done', { detail: '5 GiB free' }))
    const setup = { index: 1, count: 2, label: 'npm ci' }
    s.report(step('setup', 'started', setup))
    s.wait(500)
    s.report(step('setup', 'progress', { ...setup, tail: 'half' }))
    expect(stepsOf(s)).toEqual([
      { step: 'disk', status: 'done', since: 1_000_000, ms: 30, detail: '5 GiB free' },
      { step: 'setup', status: 'started', since: 1_000_030, ...setup, tail: 'half' },
    ])
    s.wait(500)
    s.report(step('setup', 'done', { ...setup, tail: 'x'.repeat(8000), exitCode: 0 }))
    s.report(step('setup', 'started', { ...setup, index: 2 }))
    const [, first, second] = stepsOf(s)
    expect(first).toMatchObject({ status: 'done', ms: 1000, exitCode: 0, tail: 'x'.repeat(1024) })
    expect(second).toMatchObject({ status: 'started', index: 2, since: 1_001_030 })
    expect(s.events.length).toBe(events)
  })

  test('[S-50] of an older attempt are gone, and its late reports are refused', () => {
    const s = failed()
    expect(stepsOf(s).map(({ step: name, status }) => [name, status])).toEqual([
      ['disk', 'done'],
      ['setup', 'failed'],
    ])
    s.input({ type: 'retry' })
    expect(stepsOf(s)).toEqual([])
    const late = {
      type: 'runner-frame',
      generation: 1,
      acked: undefined,
      reports: [
        { n: 9, json: JSON.stringify(step('clone', 'started')), report: step('clone', 'started') },
      ],
    } as const
    expect(s.input(late)).toEqual(refusedAs('stale-generation'))
    expect(stepsOf(s)).toEqual([])
  })

  test('[S-50] end with the first prompt, which the agent takes before the session is ready', () => {
    const s = dialled('do it')
    s.report(agentReady)
    expect(stepsOf(s).map(({ step: name, status }) => [name, status])).toEqual([
      ['first-prompt', 'started'],
    ])
    expect(s.types()).not.toContain('session-ready')
    s.report({ type: 'turn-taken', turn: 1 })
    expect(s.types()).toContain('session-ready')
    expect(stepsOf(s)).toEqual([])
  })

  test('[S-6] that begin move the deadline on; a silent one does not', () => {
    const s = dialled()
    s.wait(700_000)
    s.report(step('clone', 'started'))
    s.wait(700_000)
    s.report(step('clone', 'progress', { detail: '50%' }))
    s.input({ type: 'alarm' })
    expect(s.state.lifecycle.type).toBe('preparing')
    s.wait(20_000)
    s.input({ type: 'alarm' })
    expect(s.state.lifecycle).toMatchObject({
      type: 'attention',
      problem: { code: 'prepare-timeout' },
      steps: [{ step: 'clone', status: 'failed' }],
    })
  })
})

describe('a retry', () => {
  const repository = { type: 'repository', url: 'https://example.org/a.git' } as const

  test('[S-51] prepares with what was changed, and says what that is', () => {
    const s = failed('do it')
    expect(s.input({ type: 'retry', agent: { name: 'other' }, setup: ['make'] })).toEqual({
      type: 'done',
    })
    expect(s.commands()).toMatchObject([
      { type: 'prepare', agent: { name: 'other' }, setup: ['make'] },
    ])
    expect(s.events).toContainEqual(
      expect.objectContaining({
        type: 'settings-changed',
        agent: { name: 'other' },
        setup: ['make'],
      }),
    )
    expect(s.state.queue.map(({ text }) => text)).toEqual(['do it'])
    s.linkRunner()
    s.report({ type: 'turn-taken', turn: 1 })
    expect(s.types().at(-1)).toBe('session-ready')
  })

  test('[S-51] beside another changes nothing, and is refused when it asks for something else', () => {
    const s = failed()
    s.input({ type: 'retry', setup: ['one'] })
    const before = s.state
    expect(s.input({ type: 'retry' })).toEqual({ type: 'done' })
    expect(s.input({ type: 'retry', setup: ['one'] })).toEqual({ type: 'done' })
    expect(s.input({ type: 'retry', setup: ['two'] })).toEqual(refusedAs('not-ready'))
    expect(s.input({ type: 'retry', sealedToken: 'x' })).toEqual(refusedAs('not-ready'))
    expect(s.state).toEqual(before)
  })

  test('[S-51] of a session that is well is refused', () => {
    expect(runningTurn().input({ type: 'retry' })).toEqual(refusedAs('nothing-to-retry'))
  })

  test('[S-51] with another agent begins a conversation of its own', () => {
    const s = runningTurn()
    s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
    s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: undefined })
    s.prompt('p2')
    expect(s.commands()).toMatchObject([{ agentSession: 'conversation-1' }])
    s.input({ type: 'runner-start-failed', generation: 2, message: 'no' })
    s.input({ type: 'retry', agent: { name: 'other' } })
    expect(s.commands()[0]).not.toHaveProperty('agentSession')
  })

  test('[S-51] keeps a token for the address it was given for, and gives it to no other', () => {
    const s = failed()
    const at = (url: string, sealedToken?: string) =>
      s.input({ type: 'retry', workspace: { ...repository, url }, sealedToken })
    const fail = () =>
      s.input({
        type: 'runner-start-failed',
        generation: s.state.runner.generation,
        message: 'no',
      })
    at(repository.url, 'sealed')
    expect(s.commands()).toMatchObject([{ sealedToken: 'sealed' }])
    fail()
    s.input({ type: 'retry', workspace: { ...repository, branch: 'topic' } })
    expect(s.commands()).toMatchObject([{ sealedToken: 'sealed' }])
    fail()
    at('https://elsewhere.org/a.git')
    expect(s.commands()[0]).not.toHaveProperty('sealedToken')
    expect(JSON.stringify([s.events, viewOf(s.state, s.id)])).not.toContain('sealed')
  })
})

describe('the workspace', () => {
  const restore = { type: 'restore', turn: 1, to: 'before' } as const
  const restored: Report = { type: 'restored', turn: 1, to: 'before', files: 2 }
  function idle(): Scenario {
    const s = runningTurn()
    s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' }, unchanged(1))
    return s
  }

  test('[S-52] is put back while no turn runs, before the next one begins', () => {
    const s = idle()
    expect(s.input(restore)).toEqual({ type: 'restoring', turn: 1, to: 'before' })
    expect(s.input(restore)).toEqual({ type: 'restoring', turn: 1, to: 'before' })
    expect(s.input({ ...restore, to: 'after' })).toEqual(refusedAs('not-ready'))
    s.prompt('p2')
    expect(s.commands().map(({ type }) => type)).toEqual(['restore'])
    s.report(restored)
    expect(s.types().slice(-2)).toEqual(['restored', 'turn-started'])
  })

  test('[S-52] is not put back under a running turn, nor to one that never was', () => {
    const s = runningTurn()
    expect(s.input(restore)).toEqual(refusedAs('turn-running'))
    expect(idle().input({ ...restore, turn: 2 })).toEqual(refusedAs('turn-not-found'))
    expect(failed().input(restore)).toEqual(refusedAs('turn-not-found'))
  })

  test('[S-52] of a sleeping session is put back by a runner that is woken for it', () => {
    const s = idle()
    s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: undefined })
    s.input(restore)
    expect(s.commands().map(({ type }) => type)).toEqual(['prepare'])
    s.linkRunner()
    expect(s.commands().map(({ type }) => type)).toEqual(['restore'])
    s.report(restored)
    expect(s.types().at(-1)).toBe('restored')
    expect(s.ring()).toBe(true)
  })

  test('[S-52] whose runner dies, is silent, or cannot be woken is said not to be put back, once', () => {
    const ends: ((s: Scenario) => void)[] = [
      (s) => s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' }),
      (s) => s.ring(),
      (s) => s.report({ type: 'restore-failed', turn: 1, to: 'before', message: 'none' }),
    ]
    for (const end of ends) {
      const s = idle()
      s.input(restore)
      end(s)
      expect(s.types().filter((type) => type.startsWith('restore'))).toEqual(['restore-failed'])
      expect(s.state.restore).toEqual({ type: 'none' })
    }
    const asleep = idle()
    asleep.input({ type: 'runner-exited', generation: 1, code: undefined, signal: undefined })
    asleep.input(restore)
    asleep.input({ type: 'runner-start-failed', generation: 2, message: 'no' })
    expect(asleep.types().slice(-2)).toEqual(['restore-failed', 'preparation-failed'])
  })

  const plan = { back: [{ path: 'a', does: 'remove' as const }], stay: [] }
  const askPlan = { type: 'plan-restore', turn: 1, to: 'before' } as const
  const planned: Report = { type: 'restore-planned', turn: 1, to: 'before', ...plan }
  const planOf = (s: Scenario) => viewOf(s.state, s.id).restorePlan

  test('[S-110] a plan is made like a restore, before the next turn begins, and is no event', () => {
    const s = idle()
    const events = s.events.length
    expect(s.input(askPlan)).toEqual({ type: 'planning', turn: 1, to: 'before' })
    expect(s.input(askPlan)).toEqual({ type: 'planning', turn: 1, to: 'before' })
    expect(s.commands()).toEqual([askPlan])
    expect(s.input(restore)).toEqual(refusedAs('not-ready'))
    expect(s.input({ ...askPlan, to: 'after' })).toEqual(refusedAs('not-ready'))
    expect(viewOf(s.state, s.id).why).toMatch(/^Looking at what/)
    // An answer to something else is none.
    s.report({ ...planned, turn: 2 }, restored)
    expect(s.state.restore.type).toBe('planning')
    s.report(planned)
    expect(planOf(s)).toEqual({ turn: 1, to: 'before', ...plan })
    expect(s.events.length).toBe(events)
    expect(runningTurn().input(askPlan)).toEqual(refusedAs('turn-running'))
    expect(idle().input({ ...askPlan, turn: 2 })).toEqual(refusedAs('turn-not-found'))
  })

  test('[S-110] a plan wakes a runner, and ends with the reason when none comes of it', () => {
    const ends: ((s: Scenario) => void)[] = [
      (s) => s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' }),
      (s) => s.ring(),
      (s) => s.report({ type: 'restore-failed', turn: 1, to: 'before', message: 'none' }),
    ]
    for (const end of ends) {
      const s = idle()
      s.input(askPlan)
      end(s)
      expect(s.state.restore).toMatchObject({ type: 'unplanned', turn: 1, to: 'before' })
      expect(s.types().filter((type) => type.startsWith('restore'))).toEqual([])
      expect(planOf(s)).toBeUndefined()
    }
    const asleep = idle()
    asleep.input({ type: 'runner-exited', generation: 1, code: undefined, signal: undefined })
    asleep.input(askPlan)
    expect(asleep.commands().map(({ type }) => type)).toEqual(['prepare'])
    asleep.linkRunner()
    expect(asleep.commands()).toEqual([askPlan])
    asleep.input({ type: 'runner-exited', generation: 2, code: undefined, signal: undefined })
    asleep.input(askPlan)
    asleep.input({ type: 'runner-start-failed', generation: 3, message: 'no' })
    expect(asleep.state.restore).toMatchObject({ type: 'unplanned', message: 'no' })
  })

  test('[S-111] a plan is shown until a turn begins, files are put back, or another is asked for', () => {
    const ends: ((s: Scenario) => void)[] = [
      (s) => s.prompt('p2'),
      (s) => s.input(restore),
      (s) => s.input({ ...askPlan, to: 'after' }),
      (s) => s.input({ type: 'delete' }),
    ]
    for (const end of ends) {
      const s = idle()
      s.input(askPlan)
      s.report(planned)
      s.wait(60_000)
      s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: undefined })
      expect(planOf(s)).toMatchObject(plan)
      end(s)
      s.linkRunner()
      expect(planOf(s)).toBeUndefined()
    }
    // With a prompt in the queue the next turn begins in the same step.
    const s = idle()
    s.input(askPlan)
    s.prompt('p2')
    s.report(planned)
    expect(s.types().at(-1)).toBe('turn-started')
    expect(s.state.restore).toEqual({ type: 'none' })
  })

  test('[S-52] with files that a person chose to take too, and is another one than without', () => {
    const s = idle()
    s.input({ ...restore, take: ['b'] })
    expect(s.commands()).toEqual([{ ...restore, take: ['b'] }])
    expect(s.input({ ...restore, take: ['b'] })).toMatchObject({ type: 'restoring' })
    expect(s.input(restore)).toEqual(refusedAs('not-ready'))
  })

  test('[S-112] a runner of before plans is replaced before it is asked, and its prompts are not', () => {
    for (const asked of [askPlan, restore]) {
      const s = idle()
      // A server of after an upgrade, and the runner that was there before it.
      s.input({ type: 'server-started' })
      s.input({ type: 'runner-hello', generation: 1, received: s.state.commands.sent, version: 1 })
      s.prompt('p2')
      s.report({ type: 'turn-finished', turn: 2, stopReason: 'end_turn' })
      expect(s.state.runner).toMatchObject({ type: 'linked', generation: 1 })
      s.input(asked)
      expect(s.state.runner).toMatchObject({ type: 'starting', generation: 2 })
      expect(s.commands()).toMatchObject([{ type: 'prepare', agentSession: 'conversation-1' }])
      s.linkRunner()
      expect(s.commands()).toEqual([asked])
    }
  })

  test('[S-53] what a turn changed is found again by its number', () => {
    const s = runningTurn()
    const changes: Report = {
      type: 'turn-changes',
      turn: 1,
      files: [{ path: 'a', status: 'added', added: 1, removed: 0 }],
      patch: '+a',
    }
    const look = (turn: number) => s.input({ type: 'changes-looked-up', turn })
    expect(look(1)).toEqual(refusedAs('turn-running'))
    const finish = { commit: 'c0ffee', branch: 'main', warning: 'not pushed' }
    s.report(changes, { type: 'turn-finished', turn: 1, stopReason: 'end_turn', finish })
    const at = s.events.find(({ type }) => type === 'turn-changes')?.seq
    expect(at).toBeDefined()
    expect(look(1)).toEqual({ type: 'changes', seq: at })
    expect(look(2)).toEqual(refusedAs('turn-not-found'))
    expect(s.events.at(-1)).toMatchObject({ type: 'turn-ended', outcome: 'completed', finish })
    s.prompt('p2')
    s.report(
      { type: 'turn-taken', turn: 2 },
      { type: 'turn-finished', turn: 2, stopReason: 'end_turn' },
      unchanged(2),
    )
    expect(look(2)).toEqual({ type: 'changes', seq: undefined })
  })
})
