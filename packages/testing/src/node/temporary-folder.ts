/** Folders that live as long as the test's process. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

const folders = new Set<string>()

/** @returns the path of a new empty folder, with symbolic links resolved; it is removed when the process ends. */
export function temporaryFolder(name = 'test'): string {
  atEnd(removeAll)
  const path = realpathSync(mkdtempSync(join(tmpdir(), `belay-${name}-`)))
  folders.add(path)
  return path
}

/** Removes one before the end of the process. */
export function removeFolder(path: string): void {
  if (!folders.delete(path)) throw new Error(`${path} is no temporary folder of this process`)
  remove(path)
}

function removeAll(): void {
  for (const path of folders) remove(path)
  folders.clear()
}

function remove(path: string): void {
  // A process that dies just now may still write into its folder: `rmSync` tries again.
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}
