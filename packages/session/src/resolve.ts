/**
 * Turns that were cut off or are in doubt: a person says once what becomes of each. Nothing is sent again by itself.
 *
 * - S-38 A turn whose end may be tried again is resolved at most once: by going on, by sending its prompt again, or by
 *   leaving it; the same decision again returns the first answer.
 */
import { type Change, log, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { acceptNext, refuseFull } from './prompt.ts'
import { findPrompt, findTurn, findTurnText, keepTurn, keepTurnText } from './row.ts'
import { noteDecision } from './undecided.ts'

type Resolve = Extract<SessionInput, { type: 'turn-resolved' }>

const continueText =
  'Continue where you were cut off. Check the present state before repeating anything.'

export function resolveTurn(change: Change, input: Resolve): SessionReply {
  const { turn, action, promptId } = input
  const row = findTurn(change, turn)
  const sent = findTurnText(change, turn)
  if (row === undefined) return unresolvable(change, turn)
  if (row.resolved !== undefined) {
    return row.resolved.promptId === promptId && row.resolved.action === action
      ? { type: 'resolved', action, promptId }
      : refuse('turn-not-resolvable', `Turn ${turn} was decided before: ${row.resolved.action}.`)
  }
  if (findPrompt(change, promptId) !== undefined)
    return refuse('prompt-conflict', `Prompt ${promptId} was sent before.`)
  if (action !== 'discard') {
    const full = refuseFull(change)
    if (full !== undefined) return full
  }
  keepTurn(change, turn, { code: row.code, resolved: { action, promptId } })
  keepTurnText(change, turn, undefined)
  const { last } = change.state
  if (last.type === 'ended' && last.turn === turn)
    set(change, 'last', { ...last, resolved: action })
  noteDecision(change, turn)
  log(change, { type: 'turn-resolved', turn, action, promptId })
  if (action === 'continue')
    acceptNext(change, { promptId, text: continueText, digest: `continue ${turn}` })
  if (action === 'send-again' && sent !== undefined) acceptNext(change, { promptId, ...sent })
  return { type: 'resolved', action, promptId }
}

function unresolvable(change: Change, turn: number): SessionReply {
  const { turn: now } = change.state
  const latest = now.type === 'active' ? now.turn : now.last
  if (now.type === 'active' && turn === now.turn)
    return refuse('turn-not-resolvable', `Turn ${turn} is running: stop it first.`)
  return turn > latest
    ? refuse('turn-not-found', `This session has had ${latest} turns.`)
    : refuse('turn-not-resolvable', `Turn ${turn} ended in a way that leaves nothing to decide.`)
}
