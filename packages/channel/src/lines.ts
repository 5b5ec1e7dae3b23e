/**
 * One frame of a channel is text lines, so that a message's bytes are never encoded twice: the receiver cuts them
 * out and stores them as they came.
 *
 *   H {json}        hello, the first line of whoever dials
 *   W {json}        welcome, the answer
 *   A n             I have stored your messages up to n
 *   M n {json}      message n
 *   N {json}        a hint: without a number, lost with its socket
 *   P / Q           are you there / I am
 *
 * Owns: the spelling. What numbers mean is in `outgoing.ts` and `incoming.ts`; what messages mean is in `protocol`.
 *
 * Invariants:
 * - C-7 What is encoded decodes to itself, and each line has one spelling only.
 * - C-8 A frame with one wrong line is refused whole: nothing of it is taken.
 */

export type Line =
  | { readonly type: 'hello'; readonly json: string }
  | { readonly type: 'welcome'; readonly json: string }
  | { readonly type: 'ack'; readonly n: number }
  | { readonly type: 'message'; readonly n: number; readonly json: string }
  | { readonly type: 'hint'; readonly json: string }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }

export const ping = 'P'
export const pong = 'Q'

export function encodeHello(json: string): string {
  return `H ${json}`
}
export function encodeWelcome(json: string): string {
  return `W ${json}`
}
export function encodeAck(n: number): string {
  return `A ${n}`
}
/** @param json one line: JSON never holds a raw newline */
export function encodeMessage(n: number, json: string): string {
  return `M ${n} ${json}`
}

/** @param json one line */
export function encodeHint(json: string): string {
  return `N ${json}`
}

/** @returns the lines of a frame, or a sentence that says what is wrong with it */
export function decodeFrame(frame: string): readonly Line[] | string {
  const lines: Line[] = []
  for (const text of frame.split('\n')) {
    const line = decodeLine(text)
    if (line === undefined) return `not a channel line: ${JSON.stringify(text.slice(0, 60))}`
    lines.push(line)
  }
  return lines
}

function decodeLine(text: string): Line | undefined {
  if (text === ping) return { type: 'ping' }
  if (text === pong) return { type: 'pong' }
  if (text[1] !== ' ') return undefined
  switch (text.charAt(0)) {
    case 'M': {
      const space = text.indexOf(' ', 2)
      const n = space < 0 ? undefined : number(text.slice(2, space))
      if (n === undefined || n === 0) return undefined
      return { type: 'message', n, json: text.slice(space + 1) }
    }
    case 'A': {
      const n = number(text.slice(2))
      return n === undefined ? undefined : { type: 'ack', n }
    }
    case 'N':
      return { type: 'hint', json: text.slice(2) }
    case 'H':
      return { type: 'hello', json: text.slice(2) }
    case 'W':
      return { type: 'welcome', json: text.slice(2) }
    default:
      return undefined
  }
}

/** A whole number in its one spelling: no sign, no leading zero, no exponent. */
function number(text: string): number | undefined {
  const n = Number(text)
  return Number.isSafeInteger(n) && n >= 0 && String(n) === text ? n : undefined
}
