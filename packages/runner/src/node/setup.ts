/** A person's setup commands: lines of their own shell, one after the other, the first to fail ends it. */
import { limits, type ReportOf, type Setup } from '@belay/protocol'
import type { Problem } from '../input.ts'
import { spell } from './git.ts'
import { type ProgramEnd, runProgram } from './program.ts'
import { Tail } from './tail.ts'

export interface SetupOptions {
  readonly setup: Setup
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly setupMs: number
  readonly onStep: (report: ReportOf<'step'>) => void
}

/** Output is told at most this often: each is a report. */
const progressMs = 500

/** @returns what went wrong */
export async function runSetup(options: SetupOptions): Promise<Problem | undefined> {
  for (const [index, line] of options.setup.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- each stands on what the one before has done
    const problem = await runOne(options, index + 1, line)
    if (problem !== undefined) return problem
  }
  return undefined
}

async function runOne(
  { setup, folder, env, signal, setupMs, onStep }: SetupOptions,
  index: number,
  line: string,
): Promise<Problem | undefined> {
  const count = setup.length
  const which = { type: 'step', step: 'setup', index, count } as const
  const tail = new Tail(limits.tailBytesMax)
  onStep({ ...which, status: 'started', label: line })
  let news = false
  const hear = (data: Buffer) => {
    tail.push(data)
    news = true
  }
  const ticking = setInterval(() => {
    if (news) onStep({ ...which, status: 'progress', tail: tail.text })
    news = false
  }, progressMs)
  const end = await runProgram(line, [], {
    cwd: folder,
    env,
    signal,
    msMax: setupMs,
    shell: true,
    onOutput: hear,
    onError: hear,
  })
  clearInterval(ticking)
  const exitCode = end.type === 'exited' ? { exitCode: end.code } : {}
  const fault = faultOf(end, setupMs)
  onStep({
    ...which,
    status: fault === undefined ? 'done' : 'failed',
    tail: tail.text,
    ...exitCode,
  })
  if (fault === undefined) return undefined
  const lines = tail.text.split('\n').map((text) => text.slice(0, limits.stderrLineCharsMax))
  return {
    step: 'setup',
    code: 'setup-failed',
    message: `Setup command ${index} of ${count} ${fault}: ${line}`.slice(0, 2000),
    stderr: lines.filter((text) => text !== '').slice(-limits.stderrLinesMax),
  }
}

function faultOf(end: ProgramEnd, msMax: number): string | undefined {
  switch (end.type) {
    case 'exited':
      return end.code === 0 ? undefined : `ended with exit code ${end.code}`
    case 'killed':
      return `was ended by ${end.signal}`
    case 'late':
      return `took longer than ${spell(msMax)} and was ended`
    case 'stopped':
      return 'was stopped'
    case 'not-started':
      return `could not be started (${end.message})`
  }
}
