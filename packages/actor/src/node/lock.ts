/**
 * A folder has at most one owner process, and the lock says so by itself.
 *
 * Owns: `lock.db` and `door.db` in the folder. The lock is SQLite's own file lock, which the kernel lets go the moment
 * its holder dies, however it dies. So an owner is found again by its lock; a pid in a file proves nothing, because
 * pids are reused.
 *
 * Invariants:
 * - H-30 A folder has at most one owner; whoever comes second is told who it is.
 * - H-31 The lock is free the moment its owner is dead, even when children of the owner live on.
 * - H-32 Whoever is named as the owner is the owner. To see that a lock is free one has to take it, and to say one's
 *   name takes a moment before the lock is held; both happen behind the door, one process at a time, so that nobody
 *   takes another one that only asks for an owner, nor the name of the dead for its own.
 * - H-50 Whoever only looks never waits: with somebody in the door, or a disk that refuses, the answer is `unknown`.
 * - H-51 What a lock is made of is its owner's alone to read and write.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
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

/** Those before us at the door need less than a millisecond each. */
const doorWaitMs = 10_000

/**
 * Takes the folder, creating it when needed.
 * @returns the lock, or the present owner when the folder is taken
 */
export function lockFolder(
  folder: string,
  owner: LockOwner,
): FolderLock | { readonly heldBy: LockOwner | undefined } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return behindDoor(folder, doorWaitMs, () => {
    makePrivate(join(folder, 'lock.db'))
    const database = open(folder)
    try {
      database.exec('CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY, json TEXT)')
      database
        .prepare('INSERT OR REPLACE INTO owner (id, json) VALUES (1, ?)')
        .run(JSON.stringify(owner))
      // A reserved lock: others may still read who we are, none may write.
      database.exec('BEGIN IMMEDIATE')
      return { release: () => database.close() }
    } catch (error) {
      const heldBy = isBusy(error) ? readOwner(database) : undefined
      database.close()
      if (isBusy(error)) return { heldBy }
      throw error
    }
  })
}

/**
 * Who holds the folder now; `undefined` when nobody does. It does not wait and does not throw.
 * @returns `unknown` when that cannot be seen at this moment: somebody is in the door, or the disk refuses
 */
export function lockOwner(folder: string): LockOwner | 'unknown' | undefined {
  if (!existsSync(join(folder, 'lock.db'))) return undefined
  try {
    return behindDoor(folder, 0, () => {
      const database = open(folder)
      try {
        database.exec('BEGIN IMMEDIATE')
        return undefined
      } catch (error) {
        if (isBusy(error)) return readOwner(database)
        throw error
      } finally {
        database.close()
      }
    })
  } catch {
    // The folder was removed meanwhile, say. Whoever has to know looks again.
    return 'unknown'
  }
}

function behindDoor<Result>(folder: string, waitMs: number, act: () => Result): Result {
  const path = join(folder, 'door.db')
  const isNew = !existsSync(path)
  if (isNew) makePrivate(path)
  const door = new DatabaseSync(path, { timeout: waitMs })
  try {
    // An empty database is written to when a transaction begins, which a full disk refuses; one that is not is only locked.
    if (isNew) door.exec('PRAGMA user_version = 1')
    door.exec('BEGIN EXCLUSIVE')
    return act()
  } finally {
    door.close()
  }
}

/** SQLite gives a file of its own making the mode that the person's shell gives to all. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}

function open(folder: string): DatabaseSync {
  // Behind the door only an owner can be in the way, and it does not go away by waiting.
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  // Rollback journal: in WAL mode a writer would not keep others from reading the owner, but a held lock would also
  // need the -shm file, which outlives a crash. Nothing here has to survive the machine.
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF')
  return database
}

function readOwner(database: DatabaseSync): LockOwner | undefined {
  const row = database.prepare('SELECT json FROM owner WHERE id = 1').get()
  if (row === undefined) return undefined
  return { pid: 0, since: 0, name: 'unknown', ...JSON.parse(String(row['json'])) }
}

function isBusy(error: unknown): boolean {
  // 5 is SQLITE_BUSY; node:sqlite puts the primary code in `errcode`.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
