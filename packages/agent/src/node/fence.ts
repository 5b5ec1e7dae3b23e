/**
 * What ends every process of an agent together with it. Neither killing a process nor its group is enough: real agents
 * run their tools in sessions of their own, and such a tool finishes its side effect after the agent is dead.
 *
 * Owns: the choice of fence. `process.ts` starts agents behind it, `processes.ts` finds what a weaker fence lets out.
 *
 * Invariants:
 * - A-10 The fence that is reported is one that was seen to work on this machine.
 */
import { spawn } from 'node:child_process'

/** `pid-namespace`: the kernel ends all with the first. `process-tree`: we look for them and end them. */
export type FenceKind = 'pid-namespace' | 'process-tree'

export interface Fence {
  readonly kind: FenceKind
  /** What the agent's command line is put behind. */
  readonly prefix: readonly string[]
}

/** The fence that works everywhere. */
export const processTree: Fence = { kind: 'process-tree', prefix: [] }

/** Dies with the thread that started it, so a runner that was killed leaves no agent. */
const parentDeath = ['setpriv', '--pdeathsig', 'KILL', '--']
const namespace = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc']
/** Without root the namespace needs one for users too; inside it the person keeps their own id. */
const asPerson = ['--user', '--map-current-user']
/**
 * The first process of the namespace is a shell that waits for the agent: it collects orphans, leaves the agent with the
 * ordinary meaning of signals, and says by 128 + n which signal ended it. Its own words ("Killed") are not the agent's.
 */
const init = ['--', '/bin/sh', '-c', 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?', 'sh']

/** The best first; each is believed only after it was tried. */
const candidates: readonly Fence[] = [
  { kind: 'pid-namespace', prefix: [...parentDeath, ...namespace, ...init] },
  { kind: 'pid-namespace', prefix: [...parentDeath, ...namespace, ...asPerson, ...init] },
  { kind: 'process-tree', prefix: parentDeath },
]
/** In a namespace of our own the second process has a small number, and `/proc` shows it. */
const trials: Readonly<Record<FenceKind, string>> = {
  'pid-namespace': 'test "$$" -lt 10 && test -r /proc/$$/stat',
  'process-tree': 'true',
}

const trialMsMax = 5000

let probed: Promise<Fence> | undefined

/** The best fence of this machine, tried by really running it, once per process. */
export function probeFence(): Promise<Fence> {
  probed ??= probe()
  return probed
}

async function probe(): Promise<Fence> {
  if (process.platform !== 'linux') return processTree
  for (const fence of candidates) {
    if (await succeeds([...fence.prefix, '/bin/sh', '-c', trials[fence.kind]])) return fence
  }
  return processTree
}

function succeeds([command = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: 'ignore',
      timeout: trialMsMax,
      killSignal: 'SIGKILL',
    })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
