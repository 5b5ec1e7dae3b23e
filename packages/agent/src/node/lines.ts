/** Cuts a stream of bytes into lines, bounded: a line that never ends must not fill the memory. */

export class Lines {
  readonly #bytesMax: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  #tooLong = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The lines that became whole, without their ends; `undefined` stands for one that was too long. */
  *push(data: Buffer): Generator<string | undefined> {
    let from = 0
    for (let to = data.indexOf(10); to >= 0; to = data.indexOf(10, from)) {
      this.#append(data.subarray(from, to))
      from = to + 1
      yield this.#tooLong ? undefined : this.rest()
      this.#clear()
    }
    this.#append(data.subarray(from))
  }

  /** What stands after the last line end. */
  rest(): string {
    const only = this.#pending[0]
    const bytes =
      this.#pending.length === 1 && only !== undefined ? only : Buffer.concat(this.#pending)
    return bytes.toString('utf8')
  }

  #append(part: Buffer): void {
    if (part.length === 0 || this.#tooLong) return
    this.#pending.push(part)
    this.#pendingBytes += part.length
    if (this.#pendingBytes <= this.#bytesMax) return
    this.#clear()
    this.#tooLong = true
  }

  #clear(): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#tooLong = false
  }
}
