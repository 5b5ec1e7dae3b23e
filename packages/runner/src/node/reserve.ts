/**
 * Room on the disk that a runner keeps for what it must still say when there is none left: the reports that were decided
 * already, the word that the disk is full, and the end of its turn.
 *
 * Owns: one file of zeros in the runner's folder. `driver.ts` decides when it is given up and taken again.
 */
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '@belay/protocol'

export class Reserve {
  readonly #path: string

  constructor(folder: string) {
    this.#path = join(folder, 'reserve')
  }

  /** Takes the room. @returns whether there was enough, and it is held now */
  take(): boolean {
    // One that a runner was ended over is short.
    const held = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
    if (held >= limits.spoolReserveBytesMax) return true
    const file = openSync(this.#path, 'w', 0o600)
    try {
      const zeros = Buffer.alloc(64 * 1024)
      for (let done = 0; done < limits.spoolReserveBytesMax;)
        done += writeSync(file, zeros, 0, zeros.length, done)
      return true
    } catch (error) {
      if (!isNoRoom(error)) throw error
      rmSync(this.#path, { force: true })
      return false
    } finally {
      closeSync(file)
    }
  }

  /** Gives the room up. @returns whether there was any */
  release(): boolean {
    if (!existsSync(this.#path)) return false
    rmSync(this.#path)
    return true
  }
}

/** Whether the disk, or what this person may use of it, is full. Everything else that it refuses is a fault. */
export function isNoRoom(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOSPC' || error.code === 'EDQUOT')
  )
}
