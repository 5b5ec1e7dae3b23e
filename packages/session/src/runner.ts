/**
 * A session's runner: starting, linked, lost, gone. One at a time; the generation says which.
 *
 * - S-18 A runner that lost its socket has a stored grace. When it is over the facts are looked at once more before
 *   anything is failed.
 * - S-31 A clock that runs out while the runner is away, or while no server is there, fails nothing by itself.
 * - S-19 A runner that returns within its grace goes on with nothing lost; one that returns later is fenced.
 * - S-20 A runner's end ends its turn once, with its true reason: `in-doubt` when the prompt may have reached the
 *   agent and nothing shows that it did.
 */
import { acknowledge, unackedAfter } from '@belay/channel'
import { howEnded, protocolVersion } from '@belay/protocol'
import { type Change, ignore, log, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { failPreparation, releaseRunner } from './preparation.ts'
import { fence } from './receive.ts'
import { restoreUnderWay, type SessionState } from './state.ts'
import { abandonTurn, endTurn, noteDelivered } from './turn.ts'

type Hello = Extract<SessionInput, { type: 'runner-hello' }>
type Exited = Extract<SessionInput, { type: 'runner-exited' }>
type StartFailed = Extract<SessionInput, { type: 'runner-start-failed' }>

export function runnerHello(change: Change, hello: Hello): SessionReply {
  const refusal = fence(change, hello.generation)
  if (refusal !== undefined) return refusal
  const { runner, commands, turn } = change.state
  if (hello.received > commands.sent)
    return refuse('bad-request', `Command ${hello.received} was never sent.`)
  const { generation } = runner
  if (runner.type === 'starting') change.settle.push(`start-runner:${generation}`)
  if (runner.type === 'lost' && turn.type === 'active')
    log(change, {
      type: 'runner-returned',
      generation,
      ...(runner.restart === true ? { restart: true as const } : {}),
    })
  const before =
    runner.type === 'lost' || runner.type === 'linked'
      ? runner
      : { prepared: false, closing: false }
  const { version = protocolVersion } = hello
  set(change, 'runner', {
    type: 'linked',
    generation,
    ...(version === protocolVersion ? {} : { version }),
    prepared: before.prepared,
    closing: before.closing,
  })
  if (runner.type === 'lost') giveTime(change)
  set(change, 'commands', acknowledge(commands, hello.received))
  noteDelivered(change)
  for (const { n, message } of unackedAfter(change.state.commands, hello.received)) {
    change.effects.push({ type: 'send', generation, n, command: message })
  }
  return { type: 'stored', received: change.state.head.received }
}

/**
 * A runner is back, and what it has to say comes after its hello. So a clock that ran out while it was away waits for
 * one more grace: the facts are looked at before anything is failed.
 */
function giveTime(change: Change): void {
  const { head, lifecycle, turn, permissions } = change.state
  const { graceMs, turnQuietMs, turnMs } = change.deadlines
  const soon = change.now + graceMs
  const later = <Timed extends { readonly deadline: number }>(timed: Timed): Timed =>
    timed.deadline >= soon ? timed : { ...timed, deadline: soon }
  if (lifecycle.type === 'preparing') set(change, 'lifecycle', later(lifecycle))
  const restore = restoreUnderWay(change.state)
  if (restore?.deadline !== undefined)
    set(change, 'restore', { ...restore, deadline: Math.max(restore.deadline, soon) })
  const { changes } = change.state
  if (changes.type === 'due') set(change, 'changes', later(changes))
  if (turn.type !== 'active') return
  set(change, 'head', { ...head, progressAt: Math.max(head.progressAt, soon - turnQuietMs) })
  if (permissions.length > 0) set(change, 'permissions', permissions.map(later))
  const { phase } = turn
  set(change, 'turn', {
    ...turn,
    phase: phase.type === 'starting' ? later(phase) : phase,
    waitedMs: Math.max(turn.waitedMs, soon - turnMs - turn.startedAt),
  })
}

/** Nobody was there to hear a runner, so nobody may hold its silence against it. */
export function serverStarted(change: Change): SessionReply {
  const { runner } = change.state
  const { now, deadlines } = change
  switch (runner.type) {
    case 'none':
      return { type: 'done' }
    case 'starting':
      set(change, 'runner', { ...runner, deadline: now + deadlines.dialMs })
      return { type: 'done' }
    case 'linked':
      // Whoever was there was not lost: the server was.
      set(change, 'runner', lostRunner(change, runner, { restart: true }))
      change.effects.push({ type: 'probe-runner', generation: runner.generation, final: false })
      return { type: 'done' }
    case 'lost':
      set(change, 'runner', { ...runner, deadline: now + deadlines.graceMs, waiting: 'grace' })
      change.effects.push({ type: 'probe-runner', generation: runner.generation, final: false })
      return { type: 'done' }
  }
}

export function runnerLinkLost(change: Change, generation: number): SessionReply {
  const { runner, turn } = change.state
  if (runner.type !== 'linked' || runner.generation !== generation)
    return ignore('not the linked runner')
  const lost = lostRunner(change, runner, {})
  set(change, 'runner', lost)
  // Nobody waits for an idle session's runner: its short absence is not worth an event.
  if (turn.type === 'active')
    log(change, { type: 'runner-lost', generation, graceUntil: lost.deadline })
  change.effects.push({ type: 'probe-runner', generation, final: false })
  return { type: 'done' }
}

type Linked = Extract<SessionState['runner'], { type: 'linked' }>
type Lost = Extract<SessionState['runner'], { type: 'lost' }>

function lostRunner(change: Change, runner: Linked, why: Pick<Lost, 'restart'>): Lost {
  const { now, deadlines } = change
  const deadline = now + deadlines.graceMs
  return { ...runner, type: 'lost', since: now, deadline, waiting: 'grace', ...why }
}

export function runnerExited(change: Change, input: Exited): SessionReply {
  if (fence(change, input.generation) !== undefined) return ignore('not the present runner')
  const { runner, turn } = change.state
  const { generation, code, signal, fault } = input
  const expected = runner.type !== 'starting' && runner.type !== 'none' && runner.closing
  log(change, {
    type: 'runner-exited',
    generation,
    expected,
    ...(code === undefined ? {} : { code }),
    ...(signal === undefined ? {} : { signal }),
  })
  const how = fault === undefined ? howEnded(input) : `met a fault of its own: ${fault}`
  if (turn.type === 'active') {
    if (turn.phase.type === 'stopping')
      endTurn(change, 'interrupted', `Belay’s process beside the agent ended first: it ${how}.`)
    else if (turn.taken && !turn.sign)
      endTurn(change, 'in-doubt', `Belay’s process beside the agent ${how}.`)
    else
      endTurn(
        change,
        'runner-exited',
        turn.taken ? `It ${how}.` : `It ${how}. Your prompt had not reached the agent.`,
      )
  }
  failPreparation(change, {
    code: 'runner-exited',
    message: `Belay’s process that prepared the session ${how}.`,
  })
  // Its process is gone; what it may have left behind is looked for and ended.
  releaseRunner(change)
  return { type: 'done' }
}

/** Grace is over, the process lives, and it cannot reach us. */
export function runnerSilent(change: Change, generation: number): SessionReply {
  const { runner } = change.state
  if (runner.type !== 'lost' || runner.generation !== generation || runner.waiting !== 'facts') {
    return ignore('not a runner past its grace')
  }
  loseRunner(change)
  return { type: 'done' }
}

/** Gives up a runner that did not come back. */
export function loseRunner(change: Change): void {
  const { turn } = change.state
  if (turn.type === 'active' && turn.phase.type === 'stopping')
    abandonTurn(change, 'interrupted', 'Belay had lost its process beside the agent; it is ended.')
  else if (turn.type === 'active' && !turn.sign) abandonTurn(change, 'in-doubt', awayWords(change))
  else abandonTurn(change, 'runner-lost', awayWords(change))
}

function awayWords({ state: { runner }, now }: Change): string | undefined {
  if (runner.type !== 'lost') return undefined
  const seconds = Math.max(1, Math.round((now - runner.since) / 1000))
  return `It was lost for ${seconds} s.`
}

export function runnerStartFailed(change: Change, input: StartFailed): SessionReply {
  const { runner } = change.state
  if (runner.type !== 'starting' || runner.generation !== input.generation)
    return ignore('not a starting runner')
  failPreparation(change, { code: 'runner-start-failed', message: input.message })
  return { type: 'done' }
}
