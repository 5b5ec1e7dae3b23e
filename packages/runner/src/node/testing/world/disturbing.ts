/**
 * What goes wrong from outside while Belay works: its Git is killed, it is told to stop, its runner ends, or is killed with
 * no word at whatever it does.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Random } from '@belay/testing'
import type { Engine } from './session.ts'

const disturbances = ['git-killed', 'stopped', 'runner-ended'] as const
export type Disturbance = (typeof disturbances)[number] | 'runner-killed'

export interface Disturbing {
  /** Nothing more is done. @returns what was done, once it is over */
  over(): Promise<Disturbance | undefined>
}

/**
 * Does it after a while by chance, which may be too late.
 * @param home of those whose Git may be killed: others may be at work in this process
 */
export function disturb(engine: Engine, random: Random, home: string): Disturbing {
  const canBeKilled = engine.kill !== undefined && random.chance(0.6)
  const kind = canBeKilled ? 'runner-killed' : random.pick(disturbances)
  let fired: Promise<void> | undefined
  // Spread over everything from "at once" to "almost done", however fast the machine is.
  const afterMs = 2 ** random.integer(0, 8) * random.next()
  const which = random.next()
  const fire = () => {
    if (kind === 'git-killed') {
      const gits = childrenOf(engine.pid).filter((pid) => isGit(pid) && isOf(pid, home))
      const git = gits[Math.floor(which * gits.length)]
      if (git === undefined) {
        timer = setTimeout(fire, 1)
        return
      }
      process.kill(git, 'SIGKILL')
      fired = Promise.resolve()
    } else if (kind === 'stopped') fired = Promise.resolve(engine.stop())
    else if (kind === 'runner-ended') fired = engine.close()
    else fired = engine.kill?.()
  }
  let timer = setTimeout(fire, afterMs)
  return {
    async over() {
      clearTimeout(timer)
      if (fired === undefined) return undefined
      await fired
      return kind
    },
  }
}

/** Processes that this one started and that still run. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = statOf(pid)
      return stat !== undefined && stat.state !== 'Z' && stat.parent === parent
    })
}

export function isRunning(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== undefined && stat.state !== 'Z'
}

function isGit(pid: number): boolean {
  return statOf(pid)?.name === 'git'
}

function isOf(pid: number, home: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${home}\0`)
  } catch {
    return false
  }
}

function statOf(pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? []
    return { name, state, parent: Number(parent) }
  } catch {
    // It ended while the list was read.
    return undefined
  }
}
