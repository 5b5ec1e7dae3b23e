/** Bringing a database file to the version of this program, or refusing it. */
import type { DatabaseSync } from 'node:sqlite'

/**
 * Runs the steps the file has not had yet; each step and the new version are one commit.
 * @throws when the file has had more steps than this program knows
 */
export function migrate(database: DatabaseSync, path: string, steps: readonly string[]): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > steps.length) {
    throw new Error(
      `${path} was written by a newer version of Belay: its format is ${version}, this version reads up to ` +
        `${steps.length}. Start the newer version, or choose another data folder.`,
    )
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
}
