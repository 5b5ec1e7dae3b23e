/**
 * Ends an agent whose keeper was killed, where the kernel does not: a small process beside the agent, which holds the other
 * end of a pipe to us and sweeps the agent's marker when that breaks.
 *
 * Only for a fence that lets tools out; a namespace of processes ends with whoever made it.
 *
 * Invariants:
 * - M-16 `kill -9` of whoever keeps an agent leaves nothing of the agent within 3 s.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Fence } from './fence.ts'

/** @returns what dismisses it, once nothing of the agent is alive */
export function startGuard(marker: string, fence: Fence): () => void {
  if (fence.kind === 'pid-namespace' || process.platform === 'win32') return () => {}
  const program = fileURLToPath(new URL('./guard-main.ts', import.meta.url))
  const guard = spawn(process.execPath, [program], {
    // A session of its own: whatever ends our group leaves it there.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    // An editor's own Node is asked to be one.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  })
  // Without it the next start sweeps what was left.
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.stdin.write(`${marker}\n`)
  guard.unref()
  return () => void guard.kill('SIGKILL')
}
