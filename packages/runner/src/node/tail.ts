/** The last of a program's output as a person would see it in a terminal, in bounded memory. */
import { stripVTControlCharacters } from 'node:util'
import { utf8Bytes } from '@belay/protocol'

/** Kept beyond what is shown, because control characters take room that they lose later. */
const slack = 4

export class Tail {
  readonly #bytesMax: number
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  push(data: Uint8Array): void {
    this.#text = (this.#text + this.#decoder.decode(data, { stream: true })).slice(
      -this.#bytesMax * slack,
    )
  }

  /** Plain text, at most the bytes it was made for, from the beginning of a line where there is one. */
  get text(): string {
    const lines = stripVTControlCharacters(this.#text)
      .split('\n')
      // What was written over with a carriage return is not there any more.
      .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    let bytes = 0
    const kept: string[] = []
    for (const line of lines.toReversed()) {
      bytes += utf8Bytes(line) + 1
      if (bytes > this.#bytesMax + 1) break
      kept.push(line)
    }
    if (kept.length === 0) return cut(lines.at(-1) ?? '', this.#bytesMax)
    return kept.toReversed().join('\n').replace(/^\n+/, '').trimEnd()
  }
}

/** The end of one long line. */
function cut(line: string, bytesMax: number): string {
  let text = line.slice(-bytesMax)
  while (utf8Bytes(text) > bytesMax) text = text.slice(Math.ceil((utf8Bytes(text) - bytesMax) / 4))
  return text
}
