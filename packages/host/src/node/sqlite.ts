/**
 * A host's storage on node:sqlite: one file, `belay.db`.
 *
 * Owns: the file, its settings, and turning writes into statements. That nobody else writes to it is the duty of the
 * folder lock; `migrate.ts` brings it to the version of this program.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StoreRefusal } from '../refusal.ts'
import type { Segment } from '../segment.ts'
import { migrations } from '../sql/migrations.ts'
import { prepareStatements, type Statements } from '../sql/statements.ts'
import type {
  ActorWrite,
  AlarmRow,
  Head,
  ListOptions,
  OutboxRow,
  Storage,
  StoredActor,
  SummaryRow,
} from '../storage.ts'
import { migrate } from './migrate.ts'

export interface NodeStorageOptions {
  /** Created when it is not there. */
  readonly folder: string
}

/** @throws when the file cannot be opened, or was written by a newer version */
export function openNodeStorage({ folder }: NodeStorageOptions): Storage {
  return new NodeStorage(openDatabase(folder))
}

/** At a start. The folder lock keeps other hosts away, so whoever is in the way is a person's tool, and soon done. */
const busyMs = 5000

/**
 * The rest is SQLite's default because others were measured and were not better: a checkpoint every 1,000 pages (less
 * often means longer pauses and, with more to read back, fewer events per second), pages of 4 KiB.
 */
const settings = `
  -- One fsync per commit instead of several, and readers never wait.
  PRAGMA journal_mode = WAL;
  -- That fsync. With NORMAL a power loss would take commits that were answered.
  PRAGMA synchronous = FULL;
`

/** The file, ready to be used. For `NodeStorage` and its tests. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'belay.db')
  const database = new DatabaseSync(path, { timeout: busyMs })
  try {
    database.exec(settings)
    migrate(database, path, migrations)
    // From here on nobody waits for a tool: that would keep everybody waiting. It is a refusal, and tried again.
    database.exec('PRAGMA busy_timeout = 0')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const sentences = {
  full: (path: string) => `The disk of ${path} is full, so nothing of this was written.`,
  busy: (path: string) => `Another program holds ${path} locked, so nothing of this was written.`,
} as const

/**
 * Whether SQLite says that it wrote nothing and could later. A sync that failed is not among these: there the kernel may
 * have dropped what it had taken.
 */
function refusalReason(error: unknown): 'full' | 'busy' | undefined {
  if (!(error instanceof Error && 'errcode' in error)) return undefined
  const code = Number(error.errcode)
  // SQLITE_BUSY and SQLITE_LOCKED, with all their kinds.
  if ((code & 0xff) === 5 || (code & 0xff) === 6) return 'busy'
  // SQLITE_FULL; SQLITE_IOERR_SHMSIZE: there is no room for the index of the write-ahead log.
  return code === 13 || code === 4874 ? 'full' : undefined
}

export class NodeStorage implements Storage {
  readonly #database: DatabaseSync
  readonly #sql: Statements<StatementSync>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#sql = prepareStatements((sql) => database.prepare(sql))
  }

  commit(writes: readonly ActorWrite[]): void {
    try {
      this.#sql.begin.run()
      for (const write of writes) this.#write(write)
      this.#sql.commit.run()
    } catch (error) {
      throw this.#refusalOf(error) ?? error
    }
  }

  #read<Value>(read: () => Value): Value {
    try {
      return read()
    } catch (error) {
      throw this.#refusalOf(error) ?? error
    }
  }

  /** @returns `undefined` for what is no refusal. @throws when what was begun cannot be taken back */
  #refusalOf(error: unknown): StoreRefusal | undefined {
    const reason = refusalReason(error)
    if (reason === undefined) return undefined
    // Some refusals end the transaction by themselves.
    if (this.#database.isTransaction) this.#sql.rollback.run()
    const path = this.#database.location() ?? 'the store'
    return new StoreRefusal(reason, sentences[reason](path), error)
  }

  load(id: string): StoredActor | undefined {
    return this.#read(() => this.#load(id))
  }

  #load(id: string): StoredActor | undefined {
    const row = this.#sql.findHead.get(id)
    if (row === undefined) return undefined
    const base = Number(row['base'])
    const parts = this.#sql.findParts.all(Number(row['number']))
    return {
      alarm: row['alarm'] === null ? undefined : Number(row['alarm']),
      summary: row['summary'] === null ? undefined : String(row['summary']),
      base,
      last: Math.max(base, Number(row['last'])),
      parts: new Map(parts.map(({ name, json }) => [String(name), String(json)])),
    }
  }

  has(id: string): boolean {
    return this.#number(id) !== undefined
  }

  row(id: string, key: string): string | undefined {
    const row = this.#read(() => this.#sql.findRow.get(id, key))
    return row === undefined ? undefined : String(row['value'])
  }

  segments(id: string, after: number, bytesMax: number): Segment[] {
    const number = this.#number(id)
    if (number === undefined) return []
    const segments: Segment[] = []
    let bytes = 0
    for (const row of this.#sql.segmentsAfter.iterate(number, after)) {
      const text = String(row['text'])
      bytes += Buffer.byteLength(text)
      if (segments.length > 0 && bytes > bytesMax) break
      segments.push({ first: Number(row['first']), last: Number(row['last']), text })
    }
    return segments
  }

  first(id: string): number | undefined {
    const number = this.#number(id)
    if (number === undefined) return undefined
    const row = this.#sql.firstSegment.get(number)
    return row === undefined ? undefined : Number(row['first'])
  }

  alarms(limit: number): AlarmRow[] {
    return this.#read(() => this.#sql.alarms.all(limit)).map(({ id, alarm }) => ({
      id: String(id),
      at: Number(alarm),
    }))
  }

  outbox(): OutboxRow[] {
    return this.#sql.outbox
      .all()
      .map(({ id, key, effect }) => ({ id: String(id), key: String(key), effect: String(effect) }))
  }

  list({ limit, before }: ListOptions): SummaryRow[] {
    const rows =
      before === undefined ? this.#sql.newest.all(limit) : this.#sql.newestBefore.all(before, limit)
    return rows.map(({ id, summary }) => ({ id: String(id), summary: String(summary) }))
  }

  count(): number {
    return Number(this.#sql.count.get()?.['count'])
  }

  ids(): string[] {
    return this.#sql.ids.all().map(({ id }) => String(id))
  }

  close(): void {
    this.#database.close()
  }

  #write(write: ActorWrite): void {
    const sql = this.#sql
    const number =
      write.head === undefined ? this.#number(write.id) : this.#putHead(write.id, write.head)
    if (number === undefined)
      throw new Error(`${write.id} is written without a head but not stored`)
    if (write.wipe) {
      sql.removeSegments.run(number)
      sql.removeRows.run(number)
    }
    if (write.trim !== undefined) sql.trimSegments.run(number, write.trim)
    for (const { name, json } of write.parts) {
      if (json === undefined) sql.removePart.run(number, name)
      else sql.putPart.run(number, name, json)
    }
    for (const { first, last, text } of write.segments)
      sql.addSegment.run(number, first, last, text)
    for (const { key, value } of write.rows) {
      if (value === undefined) sql.removeRow.run(number, key)
      else sql.putRow.run(number, key, value)
    }
    for (const key of write.settle) sql.removeOutbox.run(number, key)
    for (const { key, effect } of write.must) sql.putOutbox.run(number, key, effect)
  }

  #putHead(id: string, { alarm, summary, base }: Head): number {
    return Number(this.#sql.putHead.get(id, alarm ?? null, summary ?? null, base)?.['number'])
  }

  #number(id: string): number | undefined {
    const row = this.#sql.findNumber.get(id)
    return row === undefined ? undefined : Number(row['number'])
  }
}
