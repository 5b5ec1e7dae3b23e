/**
 * Why an agent's process is gone, in a code for programs and a sentence for people.
 *
 * - M-6 Every end has one cause; those that another try cannot mend are permanent.
 */
import { type AgentCause, howEnded, limits, type SignInChoice } from '@belay/protocol'
import type { AgentExit } from '../exit.ts'

export interface Cause {
  readonly code: AgentCause
  /** One sentence. */
  readonly title: string
  readonly detail?: string
  /** What the protocol carries out, where a sign-in is missing. */
  readonly signIn?: SignInChoice[]
  readonly exit?: { readonly code?: number; readonly signal?: string }
}

const permanents: readonly AgentCause[] = [
  'missing',
  'not-executable',
  'wrong-platform',
  'exited-at-once',
  'version',
  'refused',
  'unendable',
]

/** Whether the same would happen again at the next try. */
export function isPermanent({ code }: Cause): boolean {
  return permanents.includes(code)
}

/** Codes by which Windows says that a program does not fit it. */
const windowsCodes: Readonly<Record<number, string>> = {
  3221225785: 'This Windows version lacks a function the agent needs (0xC0000139).',
  3221225595: 'The agent was made for another kind of Windows (0xC000007B).',
  3221225781: 'A library that the agent needs is not on this machine (0xC0000135).',
}

export interface Life {
  /** Whether it ever became ready. */
  readonly started: boolean
  readonly oomKilled: boolean
}

/** The cause of an exit that nobody asked for. */
export function causeOfExit(exit: AgentExit, life: Life): Cause {
  const { code, signal } = exit
  const detail = exit.stderr.join('\n').slice(-limits.agentDetailCharsMax)
  const told = {
    ...(detail === '' ? {} : { detail }),
    ...(code === undefined && signal === undefined
      ? {}
      : {
          exit: {
            ...(code === undefined ? {} : { code }),
            ...(signal === undefined ? {} : { signal }),
          },
        }),
  }
  return { ...verdict(exit, life), ...told }
}

function verdict(exit: AgentExit, life: Life): Pick<Cause, 'code' | 'title'> {
  const { code, signal, error } = exit
  if (error !== undefined) return verdictOfError(error)
  const windows = code === undefined ? undefined : windowsCodes[code]
  if (windows !== undefined) return { code: 'wrong-platform', title: windows }
  if (outOfMemory(exit, life))
    return { code: 'out-of-memory', title: `The agent ran out of memory (${ended(exit)}).` }
  if (signal !== undefined) return { code: 'signal', title: `The agent ${howEnded(exit)}.` }
  if (!life.started) {
    if (code === 127)
      return { code: 'missing', title: 'The agent’s program was not found (exit 127).' }
    if (code === 126)
      return { code: 'not-executable', title: 'The agent’s program cannot be run (exit 126).' }
    if (code === 0)
      return {
        code: 'exited-at-once',
        title: 'The agent ended at once without an error (exit 0): its command is no agent.',
      }
  }
  return { code: 'crash', title: `The agent ${howEnded(exit)}.` }
}

function verdictOfError(error: string): Pick<Cause, 'code' | 'title'> {
  if (error.includes('ENOENT'))
    return { code: 'missing', title: 'The agent’s program was not found.' }
  if (error.includes('EACCES') || error.includes('EPERM'))
    return { code: 'not-executable', title: 'The agent’s program may not be run.' }
  if (error.includes('ENOEXEC') || error.includes('UNKNOWN'))
    return {
      code: 'wrong-platform',
      title: 'The agent’s program was made for another kind of machine.',
    }
  return { code: 'crash', title: `The agent could not be started: ${error}`.slice(0, 200) }
}

function outOfMemory({ code, signal, stderr }: AgentExit, { oomKilled }: Life): boolean {
  const killed = signal === 'SIGKILL' || code === 137
  return (killed && oomKilled) || stderr.some((line) => line.includes('heap out of memory'))
}

function ended({ code, signal }: AgentExit): string {
  if (signal !== undefined) return signal
  return code === undefined ? 'it is gone' : `exit ${code}`
}

/** Words for an exit that followed a decision of ours. */
export function causeOf(code: AgentCause, title: string, detail?: string): Cause {
  return {
    code,
    title: title.slice(0, 200),
    ...(detail === undefined || detail === ''
      ? {}
      : { detail: detail.slice(-limits.agentDetailCharsMax) }),
  }
}

export const asked: Cause = { code: 'asked', title: 'The agent was ended as asked.' }
