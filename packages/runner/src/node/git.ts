/**
 * Git, as a runner runs it: never asking, never with a word of a person read as an option, its end always known.
 *
 * Invariants:
 * - R-32 A repository's token reaches git through its environment alone, for the one address it is for; it is in no
 *   argument, no file and no line of output.
 */
import { stripVTControlCharacters } from 'node:util'
import { limits } from '@belay/protocol'
import { type ProgramEnd, runProgram } from './program.ts'

export interface Credential {
  readonly url: string
  readonly token: string
}

export interface GitOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly msMax: number
  readonly credential?: Credential | undefined
  /** Which repository, where it is not the one of the folder. */
  readonly variables?: Readonly<Record<string, string>>
  /** Lines of progress, as git rewrites them. */
  readonly onProgress?: (line: string) => void
  /** Output beyond this ends git, and what came before is the answer. */
  readonly outputBytesMax?: number
}

export interface GitEnd {
  readonly end: ProgramEnd
  /** One sentence; absent when it went well. */
  readonly fault: string | undefined
  readonly output: string
  /** There was more output than was wanted. */
  readonly cut: boolean
  /** The last lines of stderr that are no progress. */
  readonly lines: readonly string[]
}

const outputBytesDefault = 64 * 1024 * 1024

export async function git(args: readonly string[], options: GitOptions): Promise<GitEnd> {
  const { signal, msMax, credential, onProgress, outputBytesMax = outputBytesDefault } = options
  const heard = new Heard(onProgress)
  const chunks: Buffer[] = []
  let bytes = 0
  const full = new AbortController()
  const end = await runProgram('git', args, {
    env: environment(options),
    signal: AbortSignal.any([signal, full.signal]),
    msMax,
    onOutput: (data) => {
      bytes += data.length
      if (bytes > outputBytesMax + data.length) return
      chunks.push(data)
      if (bytes > outputBytesMax) full.abort()
    },
    onError: (data) => heard.push(data.toString('utf8')),
  })
  const cut = full.signal.aborted && !signal.aborted
  const hide = (text: string) =>
    credential === undefined ? text : text.replaceAll(credential.token, '•••')
  const lines = heard.last().map(hide)
  const fault = cut ? undefined : faultOf(end, lines, msMax)
  const output = Buffer.concat(chunks).subarray(0, outputBytesMax).toString('utf8')
  return { end, fault, output, cut, lines }
}

/** Whether another try may help: the other side or the way there failed, and not what was asked. */
export function isNetworkFault({ lines, end }: GitEnd): boolean {
  if (end.type !== 'exited') return false
  return lines.some((line) => networkWords.test(line))
}

const networkWords = new RegExp(
  [
    'could not resolve host',
    'failed to connect',
    'connection (refused|reset|timed out|closed)',
    'network is unreachable',
    'operation timed out',
    'operation too slow',
    'requested url returned error: (429|5\\d\\d)',
    'rpc failed',
    'early eof',
    'hung up unexpectedly',
    'empty reply from server',
    'transfer closed',
  ].join('|'),
  'i',
)

function faultOf(end: ProgramEnd, lines: readonly string[], msMax: number): string | undefined {
  switch (end.type) {
    case 'exited':
      return end.code === 0 ? undefined : (lines.at(-1) ?? `git ended with exit code ${end.code}.`)
    case 'killed':
      return `git was ended by ${end.signal}.`
    case 'late':
      return `it took longer than ${spell(msMax)}.`
    case 'stopped':
      return 'it was stopped.'
    case 'not-started':
      return `git could not be started: ${end.message}`
  }
}

export function spell(ms: number): string {
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} minutes`
  const seconds = Math.ceil(ms / 1000)
  return seconds === 1 ? '1 second' : `${seconds} seconds`
}

/** What would make git look at another repository than the one it is told, or write secrets where people look. */
const unwanted =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|TRACE.*|CURL_VERBOSE)$/

/** What git is run with: nothing that makes it look elsewhere, ask a person, or say things in another language. */
export function environment({
  env,
  credential,
  variables,
}: GitOptions): Record<string, string | undefined> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !unwanted.test(name)))
  return {
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    // A server that says nothing is given up after a minute, long before the whole bound.
    GIT_HTTP_LOW_SPEED_LIMIT: '1',
    GIT_HTTP_LOW_SPEED_TIME: '60',
    ...kept,
    ...variables,
    // Whoever asks for a password gets an error instead of waiting for ever.
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    LC_ALL: 'C',
    ...(credential === undefined ? {} : credentialEnv(credential, env)),
  }
}

/**
 * The token as git is given it: a helper that reads a variable, for this address only. All other helpers are taken off the
 * list, because some keep what worked.
 */
function credentialEnv(
  { url, token }: Credential,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const first = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  const at = new URL(url)
  const user = at.username === '' ? 'x-access-token' : decodeURIComponent(at.username)
  const helper =
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$BELAY_GIT_USER" "$BELAY_GIT_TOKEN"; }; f'
  const settings = [
    ['credential.helper', ''],
    [`credential.${at.protocol}//${at.host}.helper`, helper],
  ] as const
  return {
    GIT_CONFIG_COUNT: String(first + settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${first + index}`, key],
        [`GIT_CONFIG_VALUE_${first + index}`, value],
      ]),
    ),
    BELAY_GIT_USER: user,
    BELAY_GIT_TOKEN: token,
  }
}

/** Git rewrites its progress with carriage returns; what ends with a newline is a message. */
class Heard {
  readonly #onProgress: GitOptions['onProgress']
  #lines: string[] = []
  #rest = ''

  constructor(onProgress: GitOptions['onProgress']) {
    this.#onProgress = onProgress
  }
  push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]/)
    this.#rest = parts.pop()?.slice(-4096) ?? ''
    for (const part of parts) this.#take(stripVTControlCharacters(part).trim())
  }
  last(): readonly string[] {
    return [...this.#lines, this.#rest.trim()]
      .filter((line) => line !== '')
      .slice(-limits.stderrLinesMax)
  }
  #take(line: string): void {
    if (line === '') return
    if (/\d+%/.test(line)) return this.#onProgress?.(line.slice(0, 200))
    this.#lines = [...this.#lines, line.slice(0, limits.stderrLineCharsMax)].slice(
      -limits.stderrLinesMax,
    )
  }
}
