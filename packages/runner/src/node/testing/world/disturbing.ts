/** What goes wrong from outside while Belay works: its Git is killed, it is told to stop, or its runner ends. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Random } from '@belay/testing'

export const disturbances = ['git-killed', 'stopped', 'runner-ended'] as const
export type Disturbance = (typeof disturbances)[number]

interface Disturbed {
  stop(): void
  close(): void
}

export interface Disturbing {
  readonly kind: Disturbance
  /** Nothing more is done. @returns whether anything was */
  over(): boolean
}

/** Does it after a while by chance, which may be too late. */
export function disturb(kind: Disturbance, engine: Disturbed, random: Random): Disturbing {
  let fired = false
  // Spread over everything from "at once" to "almost done", however fast the machine is.
  const afterMs = 2 ** random.integer(0, 8) * random.next()
  const fire = () => {
    if (kind === 'git-killed') {
      const git = gitChildren()
      if (git.length === 0) {
        timer = setTimeout(fire, 1)
        return
      }
      process.kill(random.pick(git), 'SIGKILL')
    } else if (kind === 'stopped') engine.stop()
    else engine.close()
    fired = true
  }
  let timer = setTimeout(fire, afterMs)
  return {
    kind,
    over() {
      clearTimeout(timer)
      return fired
    },
  }
}

/** Git processes that this process started and that still run. */
function gitChildren(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => isGitOfOurs(name))
    .map(Number)
}

function isGitOfOurs(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? []
    return name === 'git' && state !== 'Z' && Number(parent) === process.pid
  } catch {
    // It ended while the list was read.
    return false
  }
}
