/** Any order of inputs: the rules hold after each, and the log tells one story at the end. */
import { type Report, resolutions } from '@belay/protocol'
import { agentReady, createdSession, type Scenario } from '@belay/testing'
import { assert } from '@belay/actor'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const turnOf = (s: Scenario) =>
  s.state.turn.type === 'active' ? s.state.turn.turn : Math.max(1, s.state.turn.last)
const generationOf = (s: Scenario) => s.state.runner.generation
const reports: ((turn: number) => Report)[] = [
  () => agentReady,
  (turn) => ({ type: 'turn-taken', turn }),
  (turn) => ({ type: 'text', turn, text: 'words' }),
  (turn) => ({ type: 'tool', turn, toolCallId: 't', status: 'in_progress' }),
  (turn) => ({ type: 'tool', turn, toolCallId: 't', status: 'completed' }),
  (turn) => ({
    type: 'permission-asked',
    turn,
    permissionId: `a${turn}`,
    title: 'May I?',
    options: [{ optionId: 'y', name: 'Y', kind: 'allow_once' }],
  }),
  (turn) => ({ type: 'turn-finished', turn, stopReason: 'end_turn' }),
  (turn) => ({ type: 'turn-finished', turn, error: { code: 'agent-exited', message: 'code 1' } }),
  (turn) => ({ type: 'turn-changes', turn, files: [], patch: '' }),
  (turn) => ({ type: 'turn-changes', turn, files: [{ path: 'a', status: 'added' }], patch: '' }),
  () => ({ type: 'prepare-failed', step: 'clone', code: 'clone-failed', message: 'no' }),
  () => ({ type: 'closing', reason: 'asked' }),
]

function reportAt(index: number): (turn: number) => Report {
  const make = reports[index % reports.length]
  assert(make !== undefined, `report ${index}`)
  return make
}

type Act = (s: Scenario, n: number) => unknown
const acts: Record<string, Act> = {
  prompt: (s, n) => s.prompt(`p${n % 40}`),
  edit: (s, n) => s.input({ type: 'prompt-edited', promptId: `p${n % 40}`, text: 'edited' }),
  cancel: (s, n) => s.input({ type: 'prompt-cancelled', promptId: `p${n % 40}` }),
  interrupt: (s, n) => s.input({ type: 'interrupt', turn: n % 2 === 0 ? undefined : turnOf(s) }),
  answer: (s) =>
    s.input({
      type: 'permission-answered',
      permissionId: `a${turnOf(s)}`,
      optionId: 'y',
      by: 'ann',
    }),
  steer: (s, n) =>
    s.input({
      type: 'prompt-submitted',
      prompt: { promptId: `p${n % 40}`, text: 'now', digest: 'digest of now' },
      steer: true,
    }),
  move: (s, n) =>
    s.input({
      type: 'prompt-edited',
      promptId: `p${n % 40}`,
      text: undefined,
      position: 1 + (n % 4),
    }),
  resolve: (s, n) =>
    s.input({
      type: 'turn-resolved',
      turn: turnOf(s),
      action: resolutions[n % resolutions.length] ?? 'discard',
      promptId: `r${n}`,
    }),
  restart: (s) => s.input({ type: 'server-started' }),
  expire: (s) => s.input({ type: 'expire', before: 0 }),
  retry: (s) => s.input({ type: 'retry' }),
  ring: (s) => s.ring(),
  early: (s) => s.input({ type: 'alarm' }),
  hello: (s, n) =>
    s.input({
      type: 'runner-hello',
      generation: generationOf(s) - (n % 5 === 0 ? 1 : 0),
      received: 0,
    }),
  lost: (s) => s.input({ type: 'runner-link-lost', generation: generationOf(s) }),
  exited: (s) =>
    s.input({ type: 'runner-exited', generation: generationOf(s), code: 1, signal: undefined }),
  silent: (s) => s.input({ type: 'runner-silent', generation: generationOf(s) }),
  startFailed: (s) =>
    s.input({ type: 'runner-start-failed', generation: generationOf(s), message: 'no' }),
  link: (s) => s.linkRunner(),
  report: (s, n) => s.report(reportAt(n)(turnOf(s) - (n % 7 === 0 ? 1 : 0) || 1)),
  take: (s) => s.report({ type: 'turn-taken', turn: turnOf(s) }),
  forward: (s) => s.report(...[1, 2, 6].map((index) => reportAt(index)(turnOf(s)))),
}
// What the interesting ends need is drawn more often, so that they do happen.
const names = [...Object.keys(acts), 'link', 'link', 'take', 'take', 'take']

test('[S-8] [S-1] [S-22] [S-100] in any order of inputs every turn ends at most once, the log stays dense, and of every turn that was taken it is told, known to be nothing, or due what it changed', () => {
  const seen = {
    resolved: 0,
    moved: 0,
    turns: 0,
    interrupted: 0,
    failed: 0,
    completed: 0,
    inDoubt: 0,
    attention: 0,
    changed: 0,
    unchanged: 0,
    due: 0,
  }
  const seed = Number(process.env['BELAY_SEED'] ?? Date.now() % 2 ** 31)
  console.info(`session random test: seed ${seed}`)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(1000)), { maxLength: 120, size: 'max' }),
      (script) => {
        const s = createdSession('do it')
        for (const [name, n] of script) {
          s.wait(n)
          acts[name]?.(s, n)
        }
        const started = s.events.filter((event) => event.type === 'turn-started')
        const ended = s.events.filter((event) => event.type === 'turn-ended')
        expect(new Set(ended.map(({ turn }) => turn)).size).toBe(ended.length)
        expect(started.length - ended.length).toBe(s.state.turn.type === 'active' ? 1 : 0)
        expect(new Set(started.map(({ promptId }) => promptId)).size).toBe(started.length)
        const taken = new Set(
          s.events.flatMap((one) => (one.type === 'turn-taken' ? [one.turn] : [])),
        )
        const changes = s.events.flatMap((one) => (one.type === 'turn-changes' ? [one.turn] : []))
        expect(new Set(changes).size).toBe(changes.length)
        const due = s.state.changes.type === 'due' ? s.state.changes.turn : undefined
        for (const { turn } of ended.filter((one) => taken.has(one.turn))) {
          const row = s.rows.get(`changes:${turn}`)
          expect([turn, row !== undefined || turn === due]).toEqual([turn, true])
          expect(changes.includes(turn)).toBe(row !== undefined && row !== 'none')
          if (row === 'none') seen.unchanged++
          else if (turn === due) seen.due++
          else seen.changed++
        }
        const accepted = s.events
          .filter((event) => event.type === 'prompt-accepted')
          .map(({ promptId }) => promptId)
        const cancelled = s.events.filter((event) => event.type === 'prompt-cancelled').length
        expect(accepted.length).toBe(new Set(accepted).size)
        expect(accepted.length).toBe(started.length + cancelled + s.state.queue.length)
        seen.turns += started.length
        for (const { outcome } of ended) {
          if (outcome === 'completed') seen.completed++
          if (outcome === 'failed') seen.failed++
          if (outcome === 'interrupted') seen.interrupted++
          if (outcome === 'in-doubt') seen.inDoubt++
        }
        seen.resolved += s.events.filter(({ type }) => type === 'turn-resolved').length
        seen.moved += s.events.filter(({ type }) => type === 'prompt-moved').length
        seen.attention += s.events.filter(({ type }) => type === 'preparation-failed').length
      },
    ),
    { seed, numRuns: 1500 },
  )
  console.info('session random test saw', JSON.stringify(seen))
  for (const [what, count] of Object.entries(seen)) expect([what, count > 10]).toEqual([what, true])
}, 60_000)
