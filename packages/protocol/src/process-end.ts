/** How a process ended, in the words that everybody uses for it: a person reads the same on every surface. */

export interface ProcessEnd {
  readonly code?: number | undefined
  readonly signal?: string | undefined
}

/** Signals that somebody else sends; all that are neither these nor a crash are only named. */
const outside = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])
const crashes: Readonly<Record<string, string>> = {
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted itself',
  SIGBUS: 'bus error',
  SIGFPE: 'arithmetic error',
  SIGILL: 'this processor lacks an instruction it needs',
}

/** What follows the name of a process: "was killed (SIGKILL), from outside or for lack of memory". */
export function howEnded({ code, signal }: ProcessEnd): string {
  if (signal === 'SIGKILL') return 'was killed (SIGKILL), from outside or for lack of memory'
  if (signal !== undefined) {
    if (outside.has(signal)) return `was ended from outside (${signal})`
    const crash = crashes[signal]
    return crash === undefined ? `was ended by ${signal}` : `crashed (${signal}: ${crash})`
  }
  if (code === undefined) return 'is gone'
  return code === 0 ? 'ended by itself' : `stopped by itself (exit code ${code})`
}
