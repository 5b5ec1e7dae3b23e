/**
 * A runner's spool on the simulated disk. It keeps the promises of `packages/runner/src/node/spool.ts`, which are tested
 * there against a real disk; here it is what a crash is played on.
 */
import { assert } from '@belay/actor'
import type { ReportSource } from '@belay/runner'
import { GrowingFile, type Machine } from './machine.ts'
import type { Process } from './process.ts'

export interface SpooledReport {
  readonly n: number
  readonly json: string
}

export interface SpoolOptions {
  readonly machine: Machine
  readonly process: Process
  readonly session: string
  readonly generation: number
}

const reportsPerFrameMax = 8

export class Spool implements ReportSource {
  readonly #process: Process
  readonly #file: GrowingFile
  readonly #reports: string[] = []
  acked = 0

  constructor(process: Process, file: GrowingFile) {
    this.#process = process
    this.#file = file
  }

  get last(): number {
    return this.#reports.length
  }

  /** Its process may die in the middle of it. */
  append(jsons: readonly string[]): void {
    const { stage, alive } = this.#process
    if (!alive) return
    const text = jsons.map((json, index) => `${this.last + 1 + index} ${json}\n`).join('')
    if (!this.#process.point()) {
      this.#file.append(text.slice(0, stage.random.integer(0, text.length)))
      if (this.#file.text !== '' && !this.#file.text.endsWith('\n')) stage.fire('torn-tail')
      return
    }
    this.#file.append(text)
    this.#reports.push(...jsons)
    this.#process.point()
  }

  sync(): void {
    if (this.#process.alive) this.#file.sync()
  }

  /** Few at a time, so that a cut falls between the frames of one answer too. */
  read(after: number, _bytesMax: number): readonly SpooledReport[] {
    return this.#reports
      .slice(after, after + reportsPerFrameMax)
      .map((json, index) => ({ n: after + 1 + index, json }))
  }

  bytesBetween(from: number, to: number): number {
    return this.#reports.slice(from, to).reduce((sum, json) => sum + json.length, 0)
  }

  acknowledge(n: number): void {
    assert(n <= this.last, `ack ${n} is beyond ${this.last}, the last report`)
    this.acked = Math.max(this.acked, n)
  }
}

/** @returns `undefined` when this generation has run before, or its folder is gone */
export function createSpool({
  machine,
  process,
  session,
  generation,
}: SpoolOptions): Spool | undefined {
  const spools = machine.folders.get(session)?.spools
  if (spools === undefined || spools.has(generation)) return undefined
  for (const older of spools.keys()) if (older < generation - 2) spools.delete(older)
  const file = new GrowingFile()
  spools.set(generation, file)
  return new Spool(process, file)
}

/** What a runner that may be dead had reported after number `after`, up to the first torn line. */
export function readSpool(
  machine: Machine,
  { session, generation }: { readonly session: string; readonly generation: number },
  after: number,
): readonly SpooledReport[] {
  const lines = (machine.folders.get(session)?.spools.get(generation)?.text ?? '').split('\n')
  lines.pop()
  const reports: SpooledReport[] = []
  for (const line of lines) {
    const space = line.indexOf(' ')
    const n = Number(line.slice(0, space))
    if (space < 1 || n !== reports.length + 1 || !line.endsWith('}')) break
    reports.push({ n, json: line.slice(space + 1) })
  }
  return reports.filter(({ n }) => n > after)
}
