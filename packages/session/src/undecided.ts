/**
 * Turns that failed or are in doubt, until a person has said what becomes of each, and the prompts that wait for that.
 *
 * - S-140 A turn that failed or is in doubt is undecided until a person has decided about it, and nothing else takes it away.
 * - S-141 Prompts that wait when a turn fails are held until each turn that holds them is decided about, or a person lets
 *   them go on; then that is in the log, and the turns stay undecided.
 * - S-142 A prompt that is sent after that begins when nothing waits before it. It decides nothing, and frees nothing.
 * - S-177 The sentence of one undecided turn says why it ended, once.
 * - S-144 What is held waits as long as a person takes, and has its whole time in the queue from when it goes on.
 * - S-145 In a session that was created to go on nothing is held, and the turns are undecided all the same.
 */
import { endings, limits, resolutionsOf, type SessionSummary, whyEnded } from '@belay/protocol'
import { type Change, log, set } from './change.ts'
import type { SessionReply } from './input.ts'
import type { LastTurn, QueuedPrompt, SessionState, Undecided, UndecidedTurn } from './state.ts'

type Ended = Omit<Extract<LastTurn, { type: 'ended' }>, 'type' | 'resolved'>

/** The prompt whose turn is next, unless it waits for a person. */
export function nextPrompt({ queue }: SessionState): QueuedPrompt | undefined {
  const [next] = queue
  return next?.held === true ? undefined : next
}

/** How many prompts wait for a person: they are the first, for a later one comes before them only to begin. */
export function heldPrompts({ queue }: SessionState): number {
  return queue.filter(({ held }) => held === true).length
}

export function undecidedCount({ undecided }: SessionState): number {
  return undecided.older + undecided.turns.length
}

/** Turns that prompts wait for. */
export function holdingTurns(state: SessionState): readonly UndecidedTurn[] {
  return heldPrompts(state) === 0 ? [] : state.undecided.turns.filter(({ holds }) => holds === true)
}

/** A turn ended, and its end was taken note of: one that may be tried again waits for a person from here on. */
export function noteEnd(change: Change, ended: Ended, detail?: string): void {
  const { queue, settings, undecided } = change.state
  const before = holdingTurns(change.state).length > 0 ? undecided.turns : freed(undecided.turns)
  if (!endings[ended.code].retryable)
    // Written also where nothing is new: a part that was never written is one of an older version.
    return set(change, 'undecided', { ...undecided, turns: before })
  const holds = queue.length > 0 && settings.goOn !== true
  const sentence = whyEnded(ended.code, detail)
  const more = sentence === endings[ended.code].sentence ? {} : { sentence }
  const turns = [...before, { ...ended, ...more, ...(holds ? { holds } : {}) }]
  const surplus = Math.max(0, turns.length - limits.undecidedTurnsMax)
  set(change, 'undecided', { older: undecided.older + surplus, turns: turns.slice(surplus) })
  if (!holds) return
  set(
    change,
    'queue',
    queue.map((prompt) => ({ ...prompt, held: true as const })),
  )
}

/** A person has decided about a turn. */
export function noteDecision(change: Change, turn: number): void {
  const { older, turns } = change.state.undecided
  const others = turns.filter((one) => one.turn !== turn)
  const wasNamed = others.length < turns.length
  set(change, 'undecided', {
    older: wasNamed ? older : Math.max(0, older - 1),
    turns: others,
  })
  letGo(change)
}

/**
 * A person lets the prompts go on, whatever becomes of the turns that hold them.
 * @param upTo the latest turn the person knows of: one that failed since holds on, also against a request that came twice
 */
export function resumeQueue(change: Change, upTo: number): SessionReply {
  const passed = holdingTurns(change.state).filter(({ turn }) => turn <= upTo)
  if (passed.length === 0) return { type: 'done' }
  log(change, { type: 'queue-resumed', turns: passed.map(({ turn }) => turn) })
  const { undecided } = change.state
  set(change, 'undecided', { ...undecided, turns: freed(undecided.turns, upTo) })
  letGo(change)
  return { type: 'done' }
}

/** Prompts that nothing holds any more go on. */
function letGo(change: Change): void {
  if (holdingTurns(change.state).length > 0) return
  const { queue } = change.state
  if (heldPrompts(change.state) > 0) set(change, 'queue', queue.map(anew(change.now)))
}

function freed(turns: readonly UndecidedTurn[], upTo = Infinity): readonly UndecidedTurn[] {
  return turns.map(({ holds, ...turn }) =>
    holds === true && turn.turn > upTo ? { ...turn, holds } : turn,
  )
}

function anew(now: number): (prompt: QueuedPrompt) => QueuedPrompt {
  return ({ held, ...prompt }) => (held === true ? { ...prompt, at: now } : prompt)
}

/** An older version knew of the last turn alone what is to be decided about it. */
export function undecidedBefore(last: LastTurn): Undecided {
  if (last.type === 'none' || last.resolved !== undefined || !endings[last.code].retryable)
    return { older: 0, turns: [] }
  const { type: _, resolved: __, ...turn } = last
  return { older: 0, turns: [turn] }
}

/** As it is told; nothing where there is nothing to decide. */
export function undecidedView(state: SessionState): Pick<SessionSummary, 'undecided' | 'held'> {
  const count = undecidedCount(state)
  const held = heldPrompts(state)
  if (count === 0) return {}
  const turns = state.undecided.turns.map(({ reached, holds, ...turn }) => ({
    ...turn,
    actions: [...resolutionsOf(turn.code, reached)],
    ...(holds === true && held > 0 ? { holds } : {}),
  }))
  return { undecided: { count, turns }, ...(held === 0 ? {} : { held }) }
}

/** What a person is asked for, and what waits for it. */
export function undecidedWords(state: SessionState): string {
  const holding = holdingTurns(state)
  const held = heldPrompts(state)
  if (held > 0) {
    const waiting = held === 1 ? '1 prompt waits' : `${held} prompts wait`
    const [first] = holding
    const why = holding.length === 1 && first !== undefined ? ` ${sentenceOf(first)}` : ''
    return `Paused: decide about ${named(numbers(holding), 0)}; ${waiting}.${why}`
  }
  const { older, turns } = state.undecided
  const [only] = turns
  const words = `Decide about ${named(numbers(turns), older)}`
  return turns.length === 1 && older === 0 && only !== undefined
    ? `${words}: ${sentenceOf(only)}`
    : `${words}.`
}

function numbers(turns: readonly UndecidedTurn[]): readonly number[] {
  return turns.map(({ turn }) => turn)
}

function sentenceOf({ code, sentence }: UndecidedTurn): string {
  return sentence ?? endings[code].sentence
}

/** Turns named one by one are read up to here. */
const namedMax = 3

function named(turns: readonly number[], older: number): string {
  const shown = turns.slice(-namedMax)
  const more = older + turns.length - shown.length
  const [first] = shown
  if (shown.length === 1 && more === 0) return `turn ${first}`
  if (more > 0) return `turns ${shown.join(', ')} and ${more} more`
  return `turns ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
