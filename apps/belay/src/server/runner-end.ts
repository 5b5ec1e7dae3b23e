/**
 * Ending a runner, and seeing by its lock whether one is there.
 *
 * Invariants:
 * - K-4 A runner is told from the lock it holds. A pid is believed only while that lock is held.
 * - K-51 A lock that cannot be looked at now is looked at later: nobody waits for it but its own session.
 */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { lockOwner, type LockOwner } from '@belay/actor/node'
import { runnerLockName } from '@belay/runner/node'

/** Which runner. */
export interface Which {
  readonly session: string
  readonly generation: number
}

/** How long a runner has to end by itself before it is killed. */
const stopMs = 4000
/** How soon a lock that could not be seen is looked at again, and for how long before that is said. */
const unseenMs = 50
const unseenMsMax = 10_000

/** Who holds a runner's folder. @throws when that cannot be seen for too long */
export async function ownerOf(folder: string, signal: AbortSignal): Promise<LockOwner | undefined> {
  const until = performance.now() + unseenMsMax
  for (;;) {
    const owner = lockOwner(folder)
    if (owner !== 'unknown') return owner
    if (performance.now() > until)
      throw new Error(
        `whether a process of Belay holds ${folder} cannot be seen: its lock is busy or its disk refuses`,
      )
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await sleep(unseenMs, undefined, { signal })
  }
}

export function isHeldBy(owner: LockOwner | undefined, { session, generation }: Which): boolean {
  return owner?.name === runnerLockName(session, generation)
}

/**
 * Ends the runner of this generation or an older one, if it is there, and waits until its lock is free.
 * @throws when that cannot be seen
 * @param own the one we started: until it holds its lock only its parent knows of it, and it must not be born later
 */
export async function endRunner(
  folder: string,
  which: Which,
  own: ChildProcess | undefined,
  closed: AbortSignal,
): Promise<void> {
  const killAt = performance.now() + stopMs
  let signalled: NodeJS.Signals | undefined
  for (;;) {
    // Our own child is ended whatever becomes of the look: that needs no disk.
    const seen = lockOwner(folder)
    const owner = seen === 'unknown' && !lives(own) ? await ownerOf(folder, closed) : seen
    const holder = typeof owner === 'object' && isNotNewer(owner, which) ? owner.pid : undefined
    if (holder === undefined && !lives(own)) return
    const signal = performance.now() >= killAt ? 'SIGKILL' : 'SIGTERM'
    if (signal !== signalled) {
      if (holder !== undefined && holder > 0) kill(holder, signal)
      else own?.kill(signal)
    }
    signalled = signal
    await sleep(20, undefined, { signal: closed })
  }
}

function lives(child: ChildProcess | undefined): child is ChildProcess {
  return child !== undefined && child.exitCode === null && child.signalCode === null
}

/** Whether the owner is a runner of this session and of this generation or an older one. */
function isNotNewer(owner: LockOwner, { session, generation }: Which): boolean {
  const prefix = runnerLockName(session, 0).slice(0, -1)
  return owner.name.startsWith(prefix) && Number(owner.name.slice(prefix.length)) <= generation
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended between the look at its lock and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
