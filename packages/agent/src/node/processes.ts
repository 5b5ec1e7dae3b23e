/**
 * The processes of this machine, as far as ending an agent needs them: who descends from whom, and who carries a marker.
 *
 * Invariants:
 * - A-11 A process is ended only because it descends from our agent or carries our marker, never because of its number alone.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The variable every process of an agent inherits: `<session>.<folder>.<generation>`. */
export const markerVariable = 'BELAY_AGENT'

/** Rounds of looking and killing before giving up, and the pause between two. */
const roundsMax = 100
const roundMs = 20

/**
 * Ends every process that carries the marker, or, when it ends with a dot, any marker that begins with it.
 * @returns how many there were
 */
export function sweepMarked(marker: string): Promise<number> {
  return endAll(() => marked(marker))
}

/** Kills what `find` finds until it finds nothing: a process may have made another while we looked. */
export async function endAll(find: () => readonly number[]): Promise<number> {
  const ended = new Set<number>()
  for (let round = 0; round < roundsMax; round++) {
    const found = find()
    if (found.length === 0) break
    for (const pid of found) {
      ended.add(pid)
      killQuietly(pid)
    }
    await sleep(roundMs)
  }
  return ended.size
}

export function killQuietly(pid: number): void {
  signalQuietly(pid, 'SIGKILL')
}

/** @param pid a negative number is a process group */
export function signalQuietly(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already, which is what was wanted; or not ours, and then it is not for us to end.
  }
}

/** Everything that descends from `pid`, itself excluded. */
export function descendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const [child, parent] of process.platform === 'linux'
    ? parentsFromProc()
    : parentsFromPs()) {
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [child])
    else siblings.push(child)
  }
  const found: number[] = []
  const open = [pid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = children.get(next) ?? []
    found.push(...below)
    open.push(...below)
  }
  return found
}

/** Living processes with the marker in the environment they were started with. */
export function marked(marker: string): readonly number[] {
  const exact = `${markerVariable}=${marker}`
  const matches = (variable: string) =>
    marker.endsWith('.') ? variable.startsWith(exact) : variable === exact
  return process.platform === 'linux' ? markedInProc(matches) : markedInPs(matches)
}

function markedInProc(matches: (variable: string) => boolean): readonly number[] {
  return pidsInProc().filter(
    (pid) => readProc(pid, 'environ').split('\0').some(matches) && !isZombie(pid),
  )
}

function markedInPs(matches: (variable: string) => boolean): readonly number[] {
  const lines = ps(['-E', '-ww', '-A', '-o', 'pid=,command='])
  return lines
    .filter((line) => line.split(/\s+/).some(matches))
    .map((line) => Number.parseInt(line.trim(), 10))
}

function parentsFromProc(): [number, number][] {
  return pidsInProc().map((pid) => [pid, Number(statFields(pid)[1] ?? 0)])
}

function parentsFromPs(): [number, number][] {
  return ps(['-A', '-o', 'pid=,ppid=']).map((line) => {
    const [pid, parent] = line.trim().split(/\s+/)
    return [Number(pid), Number(parent)]
  })
}

function isZombie(pid: number): boolean {
  return statFields(pid)[0] === 'Z'
}

/** State, parent, group, session, …: what follows the name, which may itself hold spaces and brackets. */
function statFields(pid: number): readonly string[] {
  const stat = readProc(pid, 'stat')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function pidsInProc(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)
}

/** Empty when the process ended meanwhile or belongs to somebody else. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

function ps(args: readonly string[]): readonly string[] {
  const output = execFileSync('ps', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return output.split('\n').filter((line) => line.trim() !== '')
}
