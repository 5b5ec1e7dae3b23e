/**
 * How a runner and what it starts are known to others on the machine: the name in its lock, the markers of its processes.
 *
 * Invariants:
 * - R-44 The end of an agent ends none of the runner's own programs: they carry another marker.
 */
import { createHash } from 'node:crypto'

/** What the lock of a runner's folder says of its holder. */
export function runnerLockName(session: string, generation: number): string {
  return `runner ${session} ${generation}`
}

/** Begins every marker of this session on this data folder: two servers of one machine must not sweep each other. */
export function markerScope(session: string, runnerFolder: string): string {
  return `${session}.${createHash('sha256').update(runnerFolder).digest('hex').slice(0, 8)}.`
}

/** The marker that every process of this generation's agents carries. */
export function agentMarker(session: string, runnerFolder: string, generation: number): string {
  return `${markerScope(session, runnerFolder)}${generation}`
}

/** The marker of everything else that this generation runs: git, and setup commands. */
export function handsMarker(session: string, runnerFolder: string, generation: number): string {
  return `${agentMarker(session, runnerFolder, generation)}.hands`
}
