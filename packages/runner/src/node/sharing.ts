/**
 * Working in a folder together with other sessions: waiting for them, and telling them what this one does.
 *
 * Owns: that trouble with `beside.db` stops nothing. Who asks hears it as an error; what cannot be told to the others is
 * kept, as a sentence, for what is told next. `beside.ts` has the order of things.
 */
import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Name } from '../tree/name.ts'
import { Beside, besideFile, type Overlap } from './beside.ts'

export interface SharingOptions {
  readonly dataFolder: string
  readonly workspace: string
  /** Whose folder it is, for those who share it; absent: nobody does. */
  readonly sharing?: { readonly session: string; readonly runnerFolder: string }
}

/** A moment at which nobody else worked in the folder. */
export interface Alone {
  /** Absent: nobody shares it. */
  readonly since: number | undefined
}

/** Another session's restore is waited for, and looked at this often. */
const pollMs = 50

export class Sharing {
  readonly #options: SharingOptions
  #beside: Beside | undefined
  #isClosed = false
  #untold: string[] = []

  constructor(options: SharingOptions) {
    this.#options = options
  }

  /** Whatever a runner before this one left open is in nobody's way. @throws */
  open(): void {
    this.#ask(() => undefined)
  }

  /** Says that a turn begins, when no other session's restore is in the way. @returns its number. @throws */
  async beginTurn(signal: AbortSignal, msMax: number): Promise<number | undefined> {
    const until = performance.now() + msMax
    for (;;) {
      const begun = this.#ask((beside) => beside.beginTurn())
      if (begun === undefined || 'id' in begun) return begun?.id
      if (performance.now() > until) throw new Error(inUse(begun.busy))
      await sleep(pollMs, undefined, { signal })
    }
  }

  /** @returns the moment, when nobody else has an act under way in the folder. @throws */
  alone(): Alone | undefined {
    const since = this.#ask((beside) => beside.alone() ?? 'busy')
    return since === 'busy' ? undefined : { since }
  }

  /** Whether nobody else began an act in the folder since then. @throws */
  isStillAlone({ since }: Alone): boolean {
    return (
      this.#ask((beside) => since !== undefined && beside.isAloneSince(since)) ??
      since === undefined
    )
  }

  /**
   * Says that a restore begins. A turn that is over is waited for, as it is about to say what it changed; one that runs is not.
   * @returns its number. @throws also when another session is in the way
   */
  async beginRestore(signal: AbortSignal): Promise<number | undefined> {
    for (;;) {
      const begun = this.#ask((beside) => beside.beginRestore())
      if (begun === undefined || 'id' in begun) return begun?.id
      if (!begun.isSettling) throw new Error(inUse(begun.busy))
      await sleep(pollMs, undefined, { signal })
    }
  }

  /** @throws when a restore would be in the way of another session now */
  refuseBusy(): void {
    const busy = this.#ask((beside) => beside.busyWith())
    if (busy !== undefined) throw new Error(inUse(busy))
  }

  /** Which acts of others were under way at any moment of this one. @throws */
  overlaps(id: number | undefined): readonly Overlap[] {
    if (id === undefined) return []
    return this.#ask((beside) => beside.overlaps(id)) ?? []
  }

  /** The turn is over, and what it changed is about to be told. */
  settle(id: number | undefined): void {
    if (id !== undefined) this.#tell((beside) => beside.settle(id))
  }

  /** @param names what it changed; absent: nobody knows */
  end(id: number | undefined, names: readonly Name[] | undefined): void {
    if (id !== undefined) this.#tell((beside) => beside.end(id, names))
  }

  /** What the others were not told since this was asked last, in sentences. */
  untold(): readonly string[] {
    const untold = this.#untold
    this.#untold = []
    return [...new Set(untold)]
  }

  close(): void {
    this.#isClosed = true
    this.#beside?.close()
    this.#beside = undefined
  }

  /** @returns `undefined` when nobody shares the folder */
  #ask<Answer>(question: (beside: Beside) => Answer): Answer | undefined {
    const { sharing, dataFolder, workspace } = this.#options
    if (sharing === undefined || this.#isClosed) return undefined
    try {
      this.#beside ??= new Beside({ ...sharing, dataFolder, folder: realpathSync(workspace) })
      return question(this.#beside)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(
        `Belay cannot find out who else works in the folder (${besideFile(dataFolder)}: ${why}).`,
        { cause: error },
      )
    }
  }

  #tell(word: (beside: Beside) => void): void {
    try {
      this.#ask(word)
    } catch (error) {
      // Opened anew, it ends for the others what was not ended here.
      this.#beside?.close()
      this.#beside = undefined
      const why = error instanceof Error ? error.message : String(error)
      this.#untold.push(
        `Other sessions of the folder were not told what was changed here, so what they did at the same time stays at a restore of theirs: ${why}`,
      )
    }
  }
}

function inUse(session: string): string {
  return `Session ${session} has a turn or a restore under way in the same folder: wait for its end or stop it, then try again.`
}
