/** The demo agent's slow tool: a real process that counts and prints, as a build or a test run would. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface SlowTool {
  readonly steps: number
  readonly stepMs: number
  readonly signal: AbortSignal
  readonly onLine: (line: string) => void
}

/** @returns whether it ran to its end; an aborted one is killed and waited for */
export async function runSlowTool({ steps, stepMs, signal, onLine }: SlowTool): Promise<boolean> {
  const script = `let n = 0; const t = setInterval(() => { console.log('step ' + ++n + ' of ${steps}'); if (n === ${steps}) clearInterval(t) }, ${stepMs})`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  let rest = ''
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  signal.removeEventListener('abort', kill)
  return code === 0 && !signal.aborted
}

/** Waits, and stops waiting when the signal comes; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {})
}
