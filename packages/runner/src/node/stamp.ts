/**
 * The stamp of a workspace: written last, it says that everything before it was done, and for which settings.
 *
 * - R-18 A clone is stamped as the last step, its setup included; without its stamp it is made again from nothing.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Setup, Workspace } from '@belay/protocol'

export interface Stamp {
  /** What it was made from. */
  readonly workspace: string
  readonly setup: string
}

export function stampOf(workspace: Workspace, setup: Setup): Stamp {
  // Who opens the repository changes nothing in it.
  const made = JSON.stringify({ ...workspace, user: undefined })
  return { workspace: made, setup: JSON.stringify(setup) }
}

/** @returns `undefined` when there is none that can be read */
export function readStamp(path: string): Stamp | undefined {
  if (!existsSync(path)) return undefined
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isStamp(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** In one step: a stamp is there or not, and never half. */
export function writeStamp(path: string, stamp: Stamp): void {
  writeFileSync(`${path}.new`, JSON.stringify(stamp), { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

function isStamp(value: unknown): value is Stamp {
  return (
    typeof value === 'object' &&
    value !== null &&
    'workspace' in value &&
    'setup' in value &&
    typeof value.workspace === 'string' &&
    typeof value.setup === 'string'
  )
}
