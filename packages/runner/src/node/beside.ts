/**
 * Sessions beside this one in the same folder, or in one that holds it or lies in it: who has a turn or a restore under way,
 * and whose turns overlapped.
 *
 * Owns: `beside.db` in the data folder. Order is by number, not by time. A row of a runner that is gone counts as over, which
 * its lock says (K-4).
 *
 * Invariants:
 * - R-77 A restore begins while no other session has a turn or a restore in its folder, and no turn begins during one: both
 *   are decided in one commit.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { lockOwner } from '@belay/actor/node'
import { nameOf, type Name } from '../tree/name.ts'

export interface BesideOptions {
  readonly dataFolder: string
  readonly session: string
  readonly runnerFolder: string
  /** The real path of the folder. */
  readonly folder: string
}

/** Another session's act that overlapped one of ours. */
export interface Overlap {
  readonly session: string
  /** Whether it changed this name of ours; of one whose end was never written, everything may be. */
  readonly touched: (name: Name) => boolean
}

/** Who is in the way. */
export interface Busy {
  readonly busy: string
  /** Its turn is over: it is in the way for moments. */
  readonly isSettling: boolean
}

interface Row {
  readonly id: number
  readonly session: string
  readonly runner: string
  readonly folder: string
  readonly kind: string
  readonly ended: number | null
  readonly names: string | null
}

export function besideFile(dataFolder: string): string {
  return join(dataFolder, 'beside.db')
}

/** Each statement takes well under a millisecond. */
const busyMs = 5000
/** Rows that are kept: those of acts that may still be taken back. */
const rowsMax = 5000

export class Beside {
  readonly #options: BesideOptions
  readonly #database: DatabaseSync

  constructor(options: BesideOptions) {
    this.#options = options
    this.#database = new DatabaseSync(besideFile(options.dataFolder), { timeout: busyMs })
    this.#database.exec(
      `PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;
       CREATE TABLE IF NOT EXISTS act (
         id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, runner TEXT NOT NULL, folder TEXT NOT NULL,
         kind TEXT NOT NULL, ended INTEGER, names TEXT)`,
    )
    this.#endLeft()
  }

  /** Says that a turn begins. @returns its number, or the session whose restore is in the way */
  beginTurn(): { readonly id: number } | Busy {
    return this.#begin('turn', "kind = 'restore'")
  }

  /** The turn is over, and only what it changed is still looked at: whoever waits for that waits moments. */
  settle(id: number): void {
    this.#database.prepare("UPDATE act SET kind = 'settling' WHERE id = ?").run(id)
  }

  /** Says that a restore begins. @returns its number, or the session whose turn or restore is in the way */
  beginRestore(): { readonly id: number } | Busy {
    return this.#begin('restore', '1')
  }

  /** The session whose turn or restore would be in the way of a restore now. */
  busyWith(): string | undefined {
    return this.#others("ended IS NULL AND kind <> 'settling'").find((row) => isAlive(row))?.session
  }

  /** The last number, when no other session has an act under way in the folder. */
  alone(): number | undefined {
    if (this.#others('ended IS NULL').length > 0) return undefined
    const [last] = this.#database.prepare('SELECT MAX(id) AS id FROM act').all()
    return Number(last?.['id'] ?? 0)
  }

  /** No other session began an act in the folder after this number. */
  isAloneSince(id: number): boolean {
    return this.#others(`id > ${id}`).length === 0
  }

  /** @param names what it changed; absent: nobody knows */
  end(id: number, names: readonly Name[] | undefined): void {
    const text = names === undefined ? null : JSON.stringify(names)
    this.#database
      .prepare('UPDATE act SET ended = (SELECT MAX(id) FROM act), names = ? WHERE id = ?')
      .run(text, id)
    this.#database.prepare('DELETE FROM act WHERE id < ?').run(id - rowsMax)
  }

  /** Which acts of others were under way at any moment of this one. */
  overlaps(id: number): readonly Overlap[] {
    const own = this.#row(id)
    if (own === undefined) return []
    const until = own.ended ?? Number.MAX_SAFE_INTEGER
    return this.#others(`id <= ${until} AND (ended IS NULL OR ended >= ${own.id})`).map((row) => ({
      session: row.session,
      touched: touched(row, this.#options.folder),
    }))
  }

  close(): void {
    this.#database.close()
  }

  #begin(kind: string, inTheWay: string): { readonly id: number } | Busy {
    const { session, runnerFolder, folder } = this.#options
    return this.#atOnce(() => {
      this.#endLeft()
      for (const row of this.#others('ended IS NULL')) if (!isAlive(row)) this.#endDead(row)
      const busy = this.#others(`ended IS NULL AND ${inTheWay}`)[0]
      if (busy !== undefined) return { busy: busy.session, isSettling: busy.kind === 'settling' }
      const { lastInsertRowid } = this.#database
        .prepare('INSERT INTO act (session, runner, folder, kind) VALUES (?, ?, ?, ?)')
        .run(session, runnerFolder, folder, kind)
      return { id: Number(lastInsertRowid) }
    })
  }

  /** In one commit, or not at all: a full disk may have ended it already. */
  #atOnce<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Whatever this session had open belongs to a runner that is gone, or was never ended. */
  #endLeft(): void {
    this.#database
      .prepare(
        'UPDATE act SET ended = (SELECT MAX(id) FROM act) WHERE session = ? AND ended IS NULL',
      )
      .run(this.#options.session)
  }

  /** Its agent ended with its runner, so it overlaps nothing that begins from now on. */
  #endDead({ id }: Row): void {
    this.#database.prepare('UPDATE act SET ended = (SELECT MAX(id) FROM act) WHERE id = ?').run(id)
  }

  #row(id: number): Row | undefined {
    return rows(this.#database.prepare('SELECT * FROM act WHERE id = ?').all(id))[0]
  }

  #others(where: string): readonly Row[] {
    const { session, folder } = this.#options
    const found = this.#database
      .prepare(`SELECT * FROM act WHERE session <> ? AND ${where} ORDER BY id`)
      .all(session)
    return rows(found).filter((row) => isInside(row.folder, folder) || isInside(folder, row.folder))
  }
}

function rows(found: readonly Record<string, unknown>[]): readonly Row[] {
  return found.map((row) => ({
    id: Number(row['id']),
    session: String(row['session']),
    runner: String(row['runner']),
    folder: String(row['folder']),
    kind: String(row['kind']),
    ended: row['ended'] === null ? null : Number(row['ended']),
    names: typeof row['names'] === 'string' ? row['names'] : null,
  }))
}

function isAlive({ runner }: Row): boolean {
  return lockOwner(runner) !== undefined
}

function isInside(folder: string, outer: string): boolean {
  return folder === outer || folder.startsWith(outer === '/' ? '/' : `${outer}/`)
}

/** Names are relative to the folder of their session: the other one's may begin above ours or below it. */
function touched({ folder, names }: Row, ours: string): (name: Name) => boolean {
  if (names === null) return () => true
  const list: unknown = JSON.parse(names)
  const theirs = new Set(
    Array.isArray(list) ? list.map((name) => nameOf(`${folder}/`) + String(name)) : [],
  )
  return (name) => theirs.has(nameOf(`${ours}/`) + name)
}
