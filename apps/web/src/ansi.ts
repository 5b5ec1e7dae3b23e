/**
 * A terminal's output as lines of coloured pieces. Pure.
 *
 * Invariants:
 * - W-60 Every visible character of an output is shown, in its colours; what would move a cursor or name a window is not.
 */
import Anser from 'anser'

export interface AnsiPart {
  readonly text: string
  /** Names of CSS classes. */
  readonly look: string
}

/** Operating system commands: titles of windows, links. Anser knows only those that begin with `ESC [`. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const systemCommand = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g
const otherControl =
  // oxlint-disable-next-line no-control-regex -- as above
  /\u001b(?!\[)[@-Z\\-_]?|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/g

/** @param text what a program wrote */
export function ansiParts(text: string): readonly AnsiPart[] {
  const plain = overwritten(text.replace(systemCommand, '').replace(otherControl, ''))
  if (!plain.includes('\u001b')) return plain === '' ? [] : [{ text: plain, look: '' }]
  return Anser.ansiToJson(plain, { use_classes: true, remove_empty: true }).map((part) => ({
    text: part.content,
    look: [part.fg, part.bg === null ? '' : part.bg && `${part.bg}-bg`, ...part.decorations]
      .filter((name) => typeof name === 'string' && name !== '')
      .join(' '),
  }))
}

/** A carriage return begins its line again: of a progress bar only the last state is read. */
function overwritten(text: string): string {
  if (!text.includes('\r')) return text
  return text
    .split('\n')
    .map((line) => {
      const ended = line.replace(/\r+$/, '')
      return ended.slice(ended.lastIndexOf('\r') + 1)
    })
    .join('\n')
}
