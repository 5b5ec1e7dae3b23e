/**
 * The processes of this machine, as far as ending an agent needs them: who descends from whom, and who carries a marker.
 *
 * A marker in the environment has a birth beside it: `<marker>@<birth>`, read from the kernel's own clock of births when
 * the process that carries it was about to be made. Whoever was born before that cannot have inherited it. A copy that is
 * younger than the agent counts as the agent's: nothing tells it from a tool whose parents are gone.
 *
 * Invariants:
 * - A-11 A process is ended only because it descends from our agent or carries our marker, never because of its number alone.
 * - A-27 A marker counts only for a process that was born after it; a number that went to another process between the
 *   look and the signal ends nobody.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate as giveWay, setTimeout as sleep } from 'node:timers/promises'

/** The variable every process of an agent inherits: `<session>.<folder>.<generation>@<birth>`. */
const markerVariable = 'BELAY_AGENT'

/** A process, and when it was born: on Linux in ticks since the machine's start, elsewhere in seconds since the epoch. */
interface Living {
  readonly pid: number
  readonly bornAt: number
}

/** Rounds of looking and killing before giving up, and the pause between two. */
const roundsMax = 100
const roundMs = 20

/** Processes looked at before whatever else waits has its turn: one look takes some 30 µs, and a machine may have thousands. */
const looksAtOnce = 64

/**
 * Ends every process that carries one of the markers, or, for one that ends with a dot, any marker that begins with it.
 * @returns how many there were
 */
export async function sweepMarked(...markers: readonly string[]): Promise<number> {
  const ended = new Set<number>()
  // Until none is found: a process may have made another while we looked.
  for (let round = 0; round < roundsMax; round++) {
    const found = await lookForCarriers(markers)
    if (found.length === 0) break
    for (const one of found) {
      ended.add(one.pid)
      killSame(one)
    }
    await sleep(roundMs)
  }
  return ended.size
}

/** @returns the environment by which a process that is about to be made, and all it makes, is found again */
export function markerEnv(marker: string): Readonly<Record<string, string>> {
  return { [markerVariable]: `${marker}@${birthNow()}` }
}

/** Ends the group of `pid`, and everything that descends from it, as far as it can be found at once. */
export function killTree(pid: number): void {
  const below = descendants(pid)
  killQuietly(-pid)
  for (const one of below) killSame(one)
}

/** Ends the process that was seen, and no other that has its number by now. */
function killSame({ pid, bornAt }: Living): void {
  // Elsewhere a look takes longer than a number needs to be given out again.
  if (process.platform !== 'linux' || birthOf(pid) === bornAt) killQuietly(pid)
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

function descendants(pid: number): readonly Living[] {
  const children = new Map<number, Living[]>()
  for (const { parent, ...child } of process.platform === 'linux' ? kinInProc() : kinInPs()) {
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [child])
    else siblings.push(child)
  }
  const found: Living[] = []
  const open = [pid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = children.get(next) ?? []
    found.push(...below)
    open.push(...below.map((one) => one.pid))
  }
  return found
}

/** Numbers of the living processes that carry the marker, and are not older than it. */
export function marked(marker: string): readonly number[] {
  return carriers([marker]).map(({ pid }) => pid)
}

async function lookForCarriers(markers: readonly string[]): Promise<readonly Living[]> {
  if (process.platform !== 'linux') return carriers(markers)
  const found: Living[] = []
  const pids = pidsInProc()
  for (let at = 0; at < pids.length; at += looksAtOnce) {
    found.push(...carriers(markers, pids.slice(at, at + looksAtOnce)))
    await giveWay()
  }
  return found
}

/** @param pids among whom, where the system can be asked one by one */
function carriers(markers: readonly string[], pids?: readonly number[]): readonly Living[] {
  const carried = markers.map(
    (marker) => `${markerVariable}=${marker}${marker.endsWith('.') ? '' : '@'}`,
  )
  /** When the marker was made that is in these words; `undefined` when it is none of ours. */
  const madeAt = (words: readonly string[]) => {
    const word = words.find((one) => carried.some((start) => one.startsWith(start)))
    return word === undefined ? undefined : Number(/@(\d+)$/.exec(word)?.[1] ?? Infinity)
  }
  const all =
    process.platform === 'linux' ? markedInProc(pids ?? pidsInProc(), madeAt) : markedInPs(madeAt)
  return all.filter(({ bornAt, madeAt: made }) => bornAt >= made)
}

interface Carrier extends Living {
  readonly madeAt: number
}
type MadeAt = (words: readonly string[]) => number | undefined

function markedInProc(pids: readonly number[], madeAt: MadeAt): readonly Carrier[] {
  return pids.flatMap((pid) => {
    const made = madeAt(readProc(pid, 'environ').split('\0'))
    if (made === undefined) return []
    const { state, bornAt } = statOf(pid)
    return state === 'Z' ? [] : [{ pid, bornAt, madeAt: made }]
  })
}

function markedInPs(madeAt: MadeAt): readonly Carrier[] {
  const births = new Map(birthsInPs().map(({ pid, bornAt }) => [pid, bornAt]))
  return ps(['-E', '-ww', '-A', '-o', 'pid=,command=']).flatMap((line) => {
    const made = madeAt(line.split(/\s+/))
    const pid = Number.parseInt(line.trim(), 10)
    return made === undefined ? [] : [{ pid, bornAt: births.get(pid) ?? 0, madeAt: made }]
  })
}

interface Kin extends Living {
  readonly parent: number
}

function kinInProc(): readonly Kin[] {
  return pidsInProc().map((pid) => {
    const { parent, bornAt } = statOf(pid)
    return { pid, parent, bornAt }
  })
}

function kinInPs(): readonly Kin[] {
  return ps(['-A', '-o', 'pid=,ppid=']).map((line) => {
    const [pid, parent] = line.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), bornAt: 0 }
  })
}

/**
 * The present moment on the clock of births, or a little before it: our own birth and how long we have lived since. What
 * `/proc/uptime` says may be another clock, in a container.
 */
function birthNow(): number {
  if (process.platform !== 'linux') return Math.floor(Date.now() / 1000)
  return birthOf(process.pid) + Math.floor(process.uptime() * ticksPerSecond)
}

/** What Linux tells programs, on every processor that Node runs on. */
const ticksPerSecond = 100

function birthOf(pid: number): number {
  return statOf(pid).bornAt
}

/** In whole seconds. */
function birthsInPs(): readonly Living[] {
  return ps(['-A', '-o', 'pid=,lstart=']).map((line) => {
    const [pid, ...words] = line.trim().split(/\s+/)
    const bornAt = Date.parse(`${words.join(' ')} UTC`) / 1000
    // A birth that cannot be read speaks for nobody.
    return { pid: Number(pid), bornAt: Number.isNaN(bornAt) ? Infinity : bornAt }
  })
}

/** The name comes before these fields, and may itself hold spaces and brackets. */
function statOf(pid: number) {
  const stat = readProc(pid, 'stat')
  // The state is the third field, the parent the fourth, the birth the twenty-second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], parent: Number(fields[1] ?? 0), bornAt: Number(fields[19] ?? 0) }
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
  const output = execFileSync('ps', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC0' },
  })
  return output.split('\n').filter((line) => line.trim() !== '')
}
