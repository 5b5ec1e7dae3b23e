/**
 * A folder has at most one owner process, and the lock says so by itself.
 *
 * Owns: `lock.db` in the folder. The lock is SQLite's own file lock, which the kernel lets go the moment its holder
 * dies, however it dies. So an owner is found again by its lock; a pid in a file proves nothing, because pids are reused.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Whoever holds the folder, in its own words; `pid` may be trusted only while the lock is held. */
export interface LockOwner {
  readonly pid: number
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly name: string
}

/** A held lock. It is let go by `release` or by the end of the process. */
export interface FolderLock {
  release(): void
}

/** How long taking a lock outwaits another process that is only looking who holds it. */
const lockWaitMs = 500

function open(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: lockWaitMs })
  // Rollback journal: in WAL mode a writer would not keep others from reading the owner, but a held lock would
  // also need the -shm file, which outlives a crash. Two tables in two files would be the other way.
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF')
  return database
}

/**
 * Takes the folder, creating it when needed.
 * @returns the lock, or the present owner when the folder is taken (`undefined` fields when it has not said yet).
 */
export function lockFolder(
  folder: string,
  owner: LockOwner,
): FolderLock | { readonly heldBy: LockOwner | undefined } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let database: DatabaseSync | undefined
  try {
    database = open(folder)
    database.exec('CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY, json TEXT)')
    database
      .prepare(
        'INSERT INTO owner VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json',
      )
      .run(JSON.stringify(owner))
    // A reserved lock: others may still read who we are, none may write.
    database.exec('BEGIN IMMEDIATE')
  } catch (error) {
    database?.close()
    if (!isBusy(error)) throw error
    return { heldBy: lockOwner(folder) }
  }
  const held = database
  return { release: () => held.close() }
}

/** Who holds the folder now; `undefined` when nobody does. */
export function lockOwner(folder: string): LockOwner | undefined {
  const path = join(folder, 'lock.db')
  if (!existsSync(path)) return undefined
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN IMMEDIATE')
    database.exec('ROLLBACK')
    return undefined
  } catch (error) {
    if (!isBusy(error)) throw error
    return readOwner(database)
  } finally {
    database.close()
  }
}

function readOwner(database: DatabaseSync): LockOwner {
  const unknown = { pid: 0, since: 0, name: 'unknown' }
  try {
    const row = database.prepare('SELECT json FROM owner WHERE id = 1').get()
    return row === undefined ? unknown : { ...unknown, ...JSON.parse(String(row['json'])) }
  } catch (error) {
    if (isBusy(error)) return unknown
    throw error
  }
}

function isBusy(error: unknown): boolean {
  // 5 is SQLITE_BUSY; node:sqlite puts the primary code in `errcode`.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
