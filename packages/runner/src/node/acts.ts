/**
 * The acts of this session on its workspace, each a small file beside the store: turns and restores, with the checkpoints
 * before and after and what changed between them.
 *
 * Owns: their numbers, their order, and how many are kept. A clock has no say in any of it.
 *
 * Invariants:
 * - R-76 An act is written down before anything of it is done, and its end after all of it is.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Name } from '../tree/name.ts'
import type { Difference, Differences } from '../tree/tree.ts'

export const entrySchema = z.object({
  mode: z.enum(['100644', '100755', '120000', '040000']),
  perm: z.int(),
  blob: z.string(),
})
const changeSchema = z.tuple([z.string(), entrySchema.nullable(), entrySchema.nullable()])

export const keptSchema = z.object({
  number: z.int(),
  commit: z.string(),
  files: z.string().optional(),
})

const actSchema = z.object({
  number: z.int().min(1),
  kind: z.enum(['turn', 'restore']),
  /** Of a turn, its own number. */
  turn: z.int().optional(),
  /** The checkpoint before it, by number and commit. */
  before: keptSchema,
  after: keptSchema.optional(),
  /** What it changed; of a restore that is not over, what it means to change. */
  changes: z.array(changeSchema).default([]),
  /** Its end was never seen: whatever was found afterwards counts as its changes, and is not sure. */
  cut: z.boolean().default(false),
  /** Under which number it is known to those who share the folder. */
  shared: z.int().optional(),
})
export type ActRecord = z.infer<typeof actSchema>

const missedSchema = z.array(z.object({ turn: z.int(), after: z.int() }))
export type Missed = z.infer<typeof missedSchema>[number]

/** Turns without a checkpoint that are remembered. */
const missedMax = 100
/** Acts that are kept: many more than a person goes back, each some kilobytes. */
const actsMax = 400
/** Beyond those, so many before the oldest are let go: what only they held is then removed in one go. */
const actsSpare = 50

/** Characters that are written in some tens of microseconds. */
const smallMax = 64 * 1024

export class Acts {
  readonly #folder: string
  #all: ActRecord[] = []
  #last = 0
  #committed = 0
  #missed: readonly Missed[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  get all(): readonly ActRecord[] {
    return this.#all
  }

  /** Reads what is there. One that cannot be read is set aside: it is a fault of the disk, and the others stay good. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    this.#all = []
    const missed = await readFile(join(this.#folder, 'missed'), 'utf8').catch(() => '[]')
    this.#missed = parsed(missed, missedSchema) ?? []
    this.#committed = Number(await readFile(join(this.#folder, 'committed'), 'utf8').catch(() => 0))
    for (const name of (await readdir(this.#folder)).toSorted()) {
      if (!/^\d+\.json$/.test(name)) continue
      const path = join(this.#folder, name)
      const act = parsed(await readFile(path, 'utf8'), actSchema)
      if (act === undefined) await rename(path, `${path}.unreadable`)
      else this.#all.push(act)
      this.#last = Math.max(this.#last, Number.parseInt(name, 10))
    }
  }

  async begin(
    act: Omit<ActRecord, 'number' | 'cut' | 'changes'> & Partial<ActRecord>,
  ): Promise<ActRecord> {
    this.#last++
    const begun: ActRecord = { changes: [], cut: false, ...act, number: this.#last }
    // A prompt waits for this one: it is safe from the death of the runner, and after one of the machine the turn has no end anyhow.
    await this.#write(begun, false)
    this.#all.push(begun)
    return begun
  }

  async end(act: ActRecord): Promise<void> {
    await this.#write(act, true)
    this.#all = this.#all.map((one) => (one.number === act.number ? act : one))
  }

  /** Turns that nothing could be kept of, each with the last act before it. */
  get missed(): readonly Missed[] {
    return this.#missed
  }

  /** Nothing could be kept of this turn: what it changed is nobody's to take back. */
  async miss(turn: number): Promise<void> {
    const known = this.#missed.filter((one) => one.turn !== turn)
    this.#missed = [...known, { turn, after: this.#last }].slice(-missedMax)
    await this.#put('missed', JSON.stringify(this.#missed), false)
  }

  /** It did not come to be. */
  async drop({ number }: ActRecord): Promise<void> {
    await rm(join(this.#folder, fileOf(number)), { force: true })
    this.#all = this.#all.filter((act) => act.number !== number)
  }

  /** Those after the last commit of the session. */
  get uncommitted(): readonly ActRecord[] {
    return this.#all.filter(
      ({ number, after, cut }) => number > this.#committed && after !== undefined && !cut,
    )
  }

  /** Everything up to this one is in a commit. */
  async commit({ number }: ActRecord): Promise<void> {
    this.#committed = number
    await this.#put('committed', String(number), false)
  }

  /** Lets go of the oldest, once there are many to let go. @returns whether there were */
  async forget(): Promise<boolean> {
    if (this.#all.length < actsMax + actsSpare) return false
    const gone = this.#all.slice(0, Math.max(0, this.#all.length - actsMax))
    for (const act of gone) await this.drop(act)
    return true
  }

  async #write(act: ActRecord, flush: boolean): Promise<void> {
    await this.#put(fileOf(act.number), JSON.stringify(act), flush)
  }

  /** In one step: it is there whole, or as it was. */
  async #put(name: string, text: string, flush: boolean): Promise<void> {
    const path = join(this.#folder, name)
    const made = `${path}.new`
    if (flush || text.length >= smallMax) {
      await writeFile(made, text, { mode: 0o600, flush })
      return rename(made, path)
    }
    // What need not be on the disk is written sooner than a thread would be woken for it.
    writeFileSync(made, text, { mode: 0o600 })
    renameSync(made, path)
  }
}

function fileOf(number: number): string {
  return `${String(number).padStart(9, '0')}.json`
}

function parsed<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export function written(changes: Differences): ActRecord['changes'] {
  return [...changes].map(([name, { before, after }]) => [name, before ?? null, after ?? null])
}

export function changesOf({ changes }: ActRecord): ReadonlyMap<Name, Difference> {
  return new Map(
    changes.map(([name, before, after]) => [
      name,
      { before: before ?? undefined, after: after ?? undefined },
    ]),
  )
}
