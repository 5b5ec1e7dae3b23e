/**
 * Joins the small pieces in which agents stream, so that a log holds sentences and not syllables.
 *
 * Invariants:
 * - R-7 The order of reports never changes, and no character of a text is lost or doubled.
 * - R-8 A piece goes at once where nothing of its message went within `joinMsMax`: the first of a message never waits. What
 *   follows is joined until that time has passed since, and no longer than until anything else is reported.
 */
import { limits, type Report, type ReportOf, utf8Bytes } from '@belay/protocol'

type Piece = ReportOf<'text'> | ReportOf<'thought'>
/** What a piece has to share with the one before it to be joined to it. */
type Message = Pick<Piece, 'type' | 'turn'> & { readonly messageId: string | undefined }

/** What is held back, at most one report, and what the last report was, as long as it was a piece. */
export interface Joiner {
  readonly held?: { readonly piece: Piece; readonly bytes: number }
  readonly sent?: { readonly message: Message; readonly at: number }
}

export const emptyJoiner: Joiner = {}

interface Joined {
  readonly joiner: Joiner
  /** To be reported now, in order. */
  readonly out: readonly Report[]
}

/** @param now milliseconds of any steady clock, the same one each time */
export function join(joiner: Joiner, report: Report, now: number): Joined {
  const { held, sent } = joiner
  const before = held === undefined ? [] : [held.piece]
  if (report.type !== 'text' && report.type !== 'thought')
    return { joiner: emptyJoiner, out: [...before, report] }
  const message = messageOf(report)
  // What is held is of the message that was sent last: another one lets it go.
  if (sent === undefined || !isSame(sent.message, message)) {
    return { joiner: { sent: { message, at: now } }, out: [...before, report] }
  }
  const piece = held === undefined ? report : { ...held.piece, text: held.piece.text + report.text }
  const bytes = (held?.bytes ?? 0) + utf8Bytes(report.text)
  return bytes >= limits.joinBytesMax || now >= sent.at + limits.joinMsMax
    ? { joiner: { sent: { message, at: now } }, out: [piece] }
    : { joiner: { sent, held: { piece, bytes } }, out: [] }
}

/** When what is held must go, on the clock of `join`. */
export function joinDueAt({ held, sent }: Joiner): number | undefined {
  return held === undefined || sent === undefined ? undefined : sent.at + limits.joinMsMax
}

/** Lets go of what is held. */
export function flush({ held, sent }: Joiner, now: number): Joined {
  if (held === undefined || sent === undefined) return { joiner: emptyJoiner, out: [] }
  return { joiner: { sent: { ...sent, at: now } }, out: [held.piece] }
}

function messageOf(piece: Piece): Message {
  const { type, turn } = piece
  return { type, turn, messageId: piece.type === 'text' ? piece.messageId : undefined }
}

function isSame(one: Message, other: Message): boolean {
  return one.type === other.type && one.turn === other.turn && one.messageId === other.messageId
}
