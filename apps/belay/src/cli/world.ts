/** What the command line takes from its process, in one place, so that a test can give its own. */
import { text as readAll } from 'node:stream/consumers'
import { createInterface } from 'node:readline/promises'

export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly out: Output
  readonly err: Output
  /** Whether a person can be asked. */
  readonly canAsk: boolean
  /** Asks on stderr. @returns the line, or undefined when there is none or `signal` withdrew the question */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string | undefined>
  /** Everything on stdin. */
  readonly readInput: () => Promise<string>
  /** Calls back at Ctrl-C or a polite kill, instead of dying. @returns what stops that */
  readonly onInterrupt: (run: () => void) => () => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}
export interface Output {
  readonly write: (text: string) => void
  /** Whether colours may be used. */
  readonly color: boolean
}

export function processWorld(): World {
  const { env, stdin, stdout, stderr } = process
  return {
    env,
    cwd: process.cwd(),
    out: output(stdout),
    err: output(stderr),
    canAsk: stdin.isTTY && stderr.isTTY,
    ask,
    readInput: () => readAll(stdin),
    onInterrupt(run) {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.on(signal, run)
      return () => {
        for (const signal of signals) process.off(signal, run)
      }
    },
    exit: (code) => process.exit(code),
  }
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    color: mayColor(stream.isTTY, process.env),
  }
}

/** @param isTty undefined for what is no terminal, as Node says it */
export function mayColor(isTty: boolean | undefined, env: World['env']): boolean {
  return isTty === true && (env['NO_COLOR'] ?? '') === ''
}

async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  // Not in terminal mode: that would take Ctrl-C for itself.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (error) {
    if (!signal.aborted) throw error
    // The question is withdrawn: what follows begins on a line of its own.
    process.stderr.write('\n')
    return undefined
  } finally {
    lines.close()
    process.stdin.unref()
  }
}
