/**
 * What is held against the world: invariants after every step, and at the end of a run the promises a person was made.
 */
import { viewSchema } from '@belay/protocol'
import { restoreUnderWay, viewOf, whyOf } from '@belay/session'
import type { SimViewer } from './viewer.ts'
import { deadlines as simDeadlines, type World } from './world.ts'

/** What holds at any moment. */
export function stepChecks(world: World): void {
  for (const { session } of world.people) {
    const told = world.logs.get(session)?.changes
    // The log is at hand; to read the session at every step takes longer than the step.
    if (told === undefined || told.size === 0) continue
    const changes = world.stateOf(session)?.changes
    if (changes?.type === 'due' && told.has(changes.turn))
      world.stage.violate('changes', `turn ${changes.turn} of ${session} is due and told`)
  }
  for (const { session } of world.people) holdAsTold(world, session)
  for (const viewer of world.viewers) {
    if (viewer.cursor !== viewer.seen.length) {
      const sentence = `${viewer.name} stands at ${viewer.cursor} and was shown ${viewer.seen.length} events`
      world.stage.violate('cursor', sentence)
    }
  }
  for (const { session, generation, acked } of world.runners) {
    if (acked === 0) continue
    const stored = world.storedReports(session, generation)
    if (stored !== undefined && acked > stored) {
      const sentence = `runner ${session}/${generation} was told that ${acked} reports are stored, and ${stored} are`
      world.stage.violate('acked-is-stored', sentence)
    }
  }
}

/** Whether nothing more is going to happen by itself. */
export function isSettled(world: World): boolean {
  if (!world.server.process.alive) return false
  return world.people.every(({ session }) => {
    if (world.disk.outboxOf(session).length > 0) return false
    const state = world.stateOf(session)
    if (state !== undefined && restoreUnderWay(state) !== undefined) return false
    if (state?.changes.type === 'due') return false
    if (state?.callbacks.some(({ phase }) => !('at' in phase)) === true) return false
    switch (state?.lifecycle.type) {
      case undefined:
      case 'preparing':
        return false
      case 'absent':
      case 'deleted':
        return true
      case 'ready':
      case 'attention':
        return (
          state.turn.type === 'none' && state.queue.length === 0 && state.runner.type !== 'lost'
        )
    }
  })
}

/** What must be true of everything once it is over. */
export function finalChecks(world: World): void {
  if (!isSettled(world)) return world.stage.violate('stuck', describe(world))
  for (const [promptId, session] of world.answers.accepted) holdKept(world, promptId, session)
  for (const viewer of world.viewers) {
    if (world.wiped.has(viewer.session)) {
      const log = world.logs.get(viewer.session)?.texts ?? []
      if (!viewer.over)
        world.stage.violate('seen', `${viewer.name} was not told of the end of its session`)
      holdSame(world, viewer.name, [viewer.seen, log.slice(0, viewer.seen.length)])
    } else {
      holdSame(world, viewer.name, [viewer.seen, world.logs.get(viewer.session)?.texts ?? []])
      holdShown(world, viewer)
    }
  }
  for (const { session } of world.people) {
    holdDeleted(world, session)
    holdStored(world, session)
    holdTold(world, session)
    holdChanges(world, session)
    for (const promptId of world.logs.get(session)?.unseen ?? []) {
      if (world.truth.of(promptId) !== undefined)
        world.stage.violate(
          'true-end',
          `${promptId} reached an agent after it was said that it had not`,
        )
    }
  }
}

/** Whoever wanted to be told of the end of a turn was told, or the log says that it could not be. */
function holdTold(world: World, session: string): void {
  const log = world.logs.get(session)
  const person = world.people.find((one) => one.session === session)
  if (log === undefined || world.wiped.has(session) || person?.wantsToBeTold !== true) return
  for (let turn = 1; turn <= log.turns; turn += 1) {
    if (!world.told.has(`${session} ${turn}`) && !log.untold.has(turn))
      world.stage.violate('kept', `nobody was told of turn ${turn} of ${session}`)
  }
}

/** Of every turn that was with an agent it is told what it changed, that it is not known, or it truly is nothing. */
function holdChanges(world: World, session: string): void {
  const log = world.logs.get(session)
  if (log === undefined || world.wiped.has(session)) return
  for (const turn of log.taken) {
    if (log.changes.has(turn)) continue
    const isKept = world.disk.row(session, `changes:${turn}`) === 'none'
    const looked = world.truth.changesOf(session, turn)
    if (!isKept || looked !== 'unchanged')
      world.stage.violate(
        'changes',
        `turn ${turn} of ${session} is shown as one that changed nothing, and is ${looked ?? 'unknown'}`,
      )
  }
}

/** Words of Belay's inside, which nobody who reads a sentence has learnt. */
const innerWords =
  /\b(?:runners?|fenced?|spool|generation|hops?|adapter|dials?|dialled|linked|grace|outbox|lease)\b/i

/** What is shown of a session whose log grew: its failures, whatever else it does, and in words that people know. */
function holdAsTold(world: World, session: string): void {
  const log = world.logs.get(session)
  if (log === undefined || log.texts.length === log.looked || world.wiped.has(session)) return
  // The log is at hand; to read the session at every step takes longer than the step.
  const state = world.stateOf(session)
  if (state === undefined) return
  const { status, undecided } = viewOf(state, session)
  const count = undecided?.count ?? 0
  if (count !== log.undecided.size || (count > 0 && status === 'idle'))
    world.stage.violate(
      'undecided',
      `${session} is ${status} with ${count} undecided turns; nobody decided about ${[...log.undecided].join(', ') || 'none'}`,
    )
  const proofs = { serverSince: world.stage.wall, runner: undefined, linkHeardAt: undefined }
  const why = whyOf(state, world.stage.wall, { id: session, proofs, deadlines: simDeadlines })
  const said = [why.sentence, ...why.hops.map((hop) => hop.sentence)]
  for (const text of log.texts.slice(log.looked)) said.push(...sentencesIn(JSON.parse(text)))
  log.looked = log.texts.length
  for (const sentence of said) {
    if (innerWords.test(sentence)) world.stage.violate('words', `${session} says: ${sentence}`)
  }
}

/** Every text of more than one word in it. */
function sentencesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.includes(' ') ? [value] : []
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(sentencesIn)
    : []
}

/** Accepted means kept: one visible end. */
function holdKept(world: World, promptId: string, session: string): void {
  if (world.wiped.has(session)) return
  const state = world.logs.get(session)?.prompts.get(promptId)
  if (state === 'ended' || state === 'cancelled') return
  world.stage.violate(
    'kept',
    `${promptId} was accepted, and at the end it is ${state ?? 'unknown'}`,
  )
}

function holdSame(
  world: World,
  who: string,
  [seen, log]: readonly [readonly string[], readonly string[]],
): void {
  if (seen.length !== log.length)
    return world.stage.violate('seen', `${who} was shown ${seen.length} events of ${log.length}`)
  const wrong = seen.findIndex((text, index) => text !== log[index])
  if (wrong >= 0)
    world.stage.violate('seen', `${who} was shown ${seen[wrong]} where the log has ${log[wrong]}`)
}

/** The last signal shows the session as it is. */
function holdShown(world: World, { name, session, view }: SimViewer): void {
  const state = world.stateOf(session)
  if (state === undefined) return
  // What was shown went over the wire, where what is undefined is absent.
  const present = viewSchema.parse(JSON.parse(JSON.stringify(viewOf(state, session))))
  if (JSON.stringify(view) === JSON.stringify(present)) return
  const shown = `${JSON.stringify(view)} and it is ${JSON.stringify(present)}`
  world.stage.violate('seen', `${name} is shown ${shown}`)
}

/** What the disk holds at the end is what was committed on the way. */
function holdStored(world: World, session: string): void {
  if (world.wiped.has(session)) return
  const events: object[] = JSON.parse(`[${world.disk.texts(session)}]`)
  const texts = events.map((event) => JSON.stringify(event))
  holdSame(world, `the disk of ${session}`, [texts, world.logs.get(session)?.texts ?? []])
}

function holdDeleted(world: World, session: string): void {
  const isDeleted = world.stateOf(session)?.lifecycle.type === 'deleted'
  if (world.answers.isDeleted(session) && !isDeleted)
    world.stage.violate('deleted', `${session} was deleted and is there`)
  if (!isDeleted) return
  if (world.disk.texts(session) !== '') world.stage.violate('deleted', `${session} still has a log`)
  if (world.machine.folders.has(session))
    world.stage.violate('deleted', `${session} still has its folder`)
  const left = world.machine.agentsOf(session).map(({ process }) => process.name)
  for (const { process, session: owner } of world.runners) {
    if (owner === session && process.alive) left.push(process.name)
  }
  if (left.length > 0)
    world.stage.violate('deleted', `${session} is deleted and ${left.join(', ')} lives`)
}

function describe(world: World): string {
  return world.people
    .map(({ session }) => {
      const { lifecycle, runner, turn, queue } = world.stateOf(session) ?? {}
      const parts = [session, lifecycle?.type, runner?.type, turn?.type, `${queue?.length} waiting`]
      return [...parts, ...world.disk.outboxOf(session)].join(' ')
    })
    .join('; ')
}
