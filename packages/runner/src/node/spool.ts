/**
 * What a runner has reported and the session has not yet stored, on disk: `spool-<generation>.log`, one line `n json`
 * per report.
 *
 * Owns: the file and its numbers. `link.ts` sends what is in it; `driver.ts` puts things into it.
 *
 * Invariants:
 * - R-10 A report is written before anything that follows from it is done or sent, so a runner that is killed loses none.
 * - R-11 Numbers are dense from 1, also across rotation; a reader stops at the first line that is torn.
 * - R-12 The file is bounded: what was acknowledged is let go. At its limit the agent is no longer read, yet every fact
 *   that must be told still has room.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '@belay/actor'
import { limits } from '@belay/protocol'
import { isNoRoom } from './reserve.ts'

export interface SpooledReport {
  readonly n: number
  readonly json: string
}

export interface SpoolOptions {
  readonly bytesMax: number
  /** Acknowledged bytes at the front of the file before they are let go. */
  readonly rotateBytes: number
}

const defaults: SpoolOptions = { bytesMax: limits.spoolBytesMax, rotateBytes: 4 * 1024 * 1024 }
/** Older spools are kept this many generations, for a server that still reads them. */
const generationsKept = 2
const newline = 10
/** Acknowledged numbers the index may carry along before it is cut, so that an ack costs no copy. */
const indexSlack = 1024
const copyBytes = 1024 * 1024
/** Of a dead runner's file, at a time: cutting it into lines takes a millisecond. */
const pieceBytes = 128 * 1024
/** A report with its number. */
const lineBytesMax = limits.eventBytesMax + 64

/** @returns `undefined` when this generation has run before: a generation runs once. */
export function createSpool(
  folder: string,
  generation: number,
  options: SpoolOptions = defaults,
): Spool | undefined {
  const path = spoolPath(folder, generation)
  if (existsSync(path)) return undefined
  for (const name of readdirSync(folder)) {
    const older = Number(/^spool-(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN)
    if (older < generation - generationsKept) rmSync(join(folder, name))
  }
  return new Spool(path, options)
}

/**
 * What a runner that may be dead had reported after number `after`, as far as its file still holds it. It is read in
 * pieces, so that a spool of any size costs its reader neither much memory nor a pause.
 * @returns nothing when there is no such file
 */
export async function* readSpool(
  folder: string,
  generation: number,
  after: number,
): AsyncGenerator<SpooledReport> {
  const path = spoolPath(folder, generation)
  if (!existsSync(path)) return
  const file = await open(path, 'r')
  try {
    const piece = Buffer.allocUnsafe(pieceBytes)
    // What follows the last line end was torn by the end of its writer; nobody wrote a line longer than a report may be.
    let rest: Buffer = Buffer.alloc(0)
    let last: number | undefined
    while (rest.length <= lineBytesMax) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      const { bytesRead } = await file.read(piece, 0, piece.length, null)
      if (bytesRead === 0) return
      const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf(newline) + 1
      rest = bytes.subarray(end)
      for (const line of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) {
        const report = parseLine(line)
        if (report === undefined || (last !== undefined && report.n !== last + 1)) return
        last = report.n
        if (report.n > after) yield report
      }
    }
  } finally {
    await file.close()
  }
}

function spoolPath(folder: string, generation: number): string {
  return join(folder, `spool-${generation}.log`)
}

function parseLine(line: string): SpooledReport | undefined {
  const space = line.indexOf(' ')
  const n = Number(line.slice(0, space))
  return space > 0 && Number.isSafeInteger(n) && line.endsWith('}')
    ? { n, json: line.slice(space + 1) }
    : undefined
}

export class Spool {
  readonly #path: string
  readonly #options: SpoolOptions
  #file: number
  /** Where the file begins within everything ever written: rotation moves it on, and no other number. */
  #fileStart = 0
  /** Where each report after number `#base` ends within everything ever written. */
  #ends: number[] = []
  #base = 0
  #baseEnd = 0
  #acked = 0

  constructor(path: string, options: SpoolOptions) {
    this.#path = path
    this.#options = options
    this.#file = openSync(path, 'wx+', 0o600)
  }

  /** The number of the last report. */
  get last(): number {
    return this.#base + this.#ends.length
  }
  /** The number of the last report the session has stored. */
  get acked(): number {
    return this.#acked
  }
  /** At the limit: the agent must wait. */
  get full(): boolean {
    return this.bytesBetween(this.#acked, this.last) > this.#options.bytesMax
  }
  /** Below half of it: the agent may go on. */
  get roomy(): boolean {
    return this.bytesBetween(this.#acked, this.last) < this.#options.bytesMax / 2
  }

  /** Bytes of the reports after number `from` up to number `to`, neither of them older than what was acknowledged. */
  bytesBetween(from: number, to: number): number {
    return this.#endOf(to) - this.#endOf(from)
  }

  /** Writes reports, in order. @throws when the disk refuses */
  append(jsons: readonly string[]): void {
    let end = this.#endOf(this.last)
    const bytes = Buffer.from(
      jsons.map((json, index) => `${this.last + 1 + index} ${json}\n`).join(''),
      'utf8',
    )
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, end - this.#fileStart + done)
    }
    for (let from = 0; from < bytes.length;) {
      const next = bytes.indexOf(newline, from) + 1
      end += next - from
      from = next
      this.#ends.push(end)
    }
  }

  /** Makes what was written outlive the machine's power. */
  sync(): void {
    fdatasyncSync(this.#file)
  }

  /** The reports after number `after`: as many as fit in `bytesMax`, but one in any case if there is one. */
  read(after: number, bytesMax: number): readonly SpooledReport[] {
    let to = Math.min(after + 1, this.last)
    while (to < this.last && this.bytesBetween(after, to + 1) <= bytesMax) to += 1
    if (to <= after) return []
    const lines = this.#bytes(this.#endOf(after), this.#endOf(to)).toString('utf8').split('\n')
    lines.pop()
    return lines.map((line, index) => {
      const report = parseLine(line)
      assert(
        report?.n === after + 1 + index,
        `the spool should hold report ${after + 1 + index} and holds: ${line.slice(0, 60)}`,
      )
      return report
    })
  }

  /** The session has stored everything up to `n`. An old or repeated ack changes nothing. */
  acknowledge(n: number): void {
    assert(n <= this.last, `ack ${n} is beyond ${this.last}, the last report`)
    if (n <= this.#acked) return
    this.#acked = n
    if (n < this.last && n - this.#base < indexSlack) return
    this.#baseEnd = this.#endOf(n)
    this.#ends = this.#ends.slice(n - this.#base)
    this.#base = n
    const front = this.#baseEnd - this.#fileStart
    if (front < this.#options.rotateBytes) return
    if (n === this.last) this.#empty()
    else if (front > this.bytesBetween(n, this.last)) this.#rotateIfRoom()
  }

  /** Lets go of what was acknowledged at once, where that needs no room: when there is nothing else. */
  letGo(): void {
    if (this.#acked === this.last && this.#base === this.last) this.#empty()
  }

  #endOf(n: number): number {
    const end = n === this.#base ? this.#baseEnd : this.#ends[n - this.#base - 1]
    assert(
      end !== undefined && n >= this.#acked,
      `report ${n} is not between ${this.#acked} and ${this.last}`,
    )
    return end
  }

  #bytes(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(to - from)
    const read = readSync(this.#file, bytes, 0, bytes.length, from - this.#fileStart)
    assert(
      read === bytes.length,
      `the spool is shorter than it was written: ${read} of ${bytes.length} bytes`,
    )
    return bytes
  }

  #empty(): void {
    ftruncateSync(this.#file, 0)
    this.#fileStart = this.#baseEnd
  }

  /** On a full disk the file stays as it is: it is cut when all of it was acknowledged, which needs no room. */
  #rotateIfRoom(): void {
    try {
      this.#rotate()
    } catch (error) {
      rmSync(`${this.#path}.new`, { force: true })
      if (!isNoRoom(error)) throw error
    }
  }

  /** Leaves the acknowledged front behind. The name always stands for a whole spool, the old one or the new one. */
  #rotate(): void {
    const path = `${this.#path}.new`
    const file = openSync(path, 'w+', 0o600)
    try {
      this.#copyTo(file)
    } catch (error) {
      closeSync(file)
      throw error
    }
    renameSync(path, this.#path)
    closeSync(this.#file)
    this.#file = file
    this.#fileStart = this.#baseEnd
  }

  #copyTo(file: number): void {
    const end = this.#endOf(this.last)
    for (let from = this.#baseEnd; from < end; from += copyBytes) {
      const part = this.#bytes(from, Math.min(from + copyBytes, end))
      const written = writeSync(file, part, 0, part.length, from - this.#baseEnd)
      assert(
        written === part.length,
        `only ${written} of ${part.length} bytes of the rotated spool were written`,
      )
    }
    fdatasyncSync(file)
  }
}
