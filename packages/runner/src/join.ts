/**
 * Joins the small pieces in which agents stream, so that a log holds sentences and not syllables.
 *
 * Invariants:
 * - R-7 The order of reports never changes, and no character of a text is lost or doubled.
 * - R-8 A piece waits at most `joinMsMax`, and no longer than until anything else is reported.
 */
import { limits, type Report, type ReportOf, utf8Bytes } from '@belay/protocol'

type Piece = ReportOf<'text'> | ReportOf<'thought'> | ReportOf<'said-after'>

/** What is held back, at most one report. */
export interface Joiner {
  readonly held?: { readonly piece: Piece; readonly bytes: number; readonly since: number }
}

export const emptyJoiner: Joiner = {}

interface Joined {
  readonly joiner: Joiner
  /** To be reported now, in order. */
  readonly out: readonly Report[]
}

/** @param now milliseconds of any steady clock, the same one each time */
export function join(joiner: Joiner, report: Report, now: number): Joined {
  const { held } = joiner
  if (!isPiece(report)) {
    return { joiner: emptyJoiner, out: held === undefined ? [report] : [held.piece, report] }
  }
  const bytes = utf8Bytes(report.text)
  if (held === undefined || !belongs(held.piece, report)) {
    const begun = hold(report, bytes, now)
    return held === undefined ? begun : { ...begun, out: [held.piece, ...begun.out] }
  }
  return hold(
    { ...held.piece, text: held.piece.text + report.text },
    held.bytes + bytes,
    held.since,
  )
}

/** When what is held must go, on the clock of `join`. */
export function joinDueAt({ held }: Joiner): number | undefined {
  return held === undefined ? undefined : held.since + limits.joinMsMax
}

/** Lets go of what is held. */
export function flush({ held }: Joiner): Joined {
  return { joiner: emptyJoiner, out: held === undefined ? [] : [held.piece] }
}

function hold(piece: Piece, bytes: number, since: number): Joined {
  return bytes >= limits.joinBytesMax
    ? { joiner: emptyJoiner, out: [piece] }
    : { joiner: { held: { piece, bytes, since } }, out: [] }
}

function isPiece(report: Report): report is Piece {
  if (report.type === 'said-after') return report.update === undefined
  return report.type === 'text' || report.type === 'thought'
}

function belongs(held: Piece, next: Piece): boolean {
  if (held.type === 'said-after' || next.type === 'said-after') {
    if (held.type !== 'said-after' || next.type !== 'said-after') return false
    return held.kind === next.kind && held.after === next.after
  }
  const message = (piece: Piece) => (piece.type === 'text' ? piece.messageId : undefined)
  return held.type === next.type && held.turn === next.turn && message(held) === message(next)
}
