/**
 * Git, as a runner runs it: never asking, never with a word of a person read as an option, its end always known.
 *
 * Invariants:
 * - R-32 A repository's token reaches git on an inherited descriptor alone, for the one host it is for; it is in no
 *   variable, no argument, no file and no line of output.
 * - R-102 A command that is given a token runs no hook and writes no files of a work tree, and goes to the address it was
 *   given, whatever settings rewrite addresses.
 */
import { randomBytes } from 'node:crypto'

import { stripVTControlCharacters } from 'node:util'
import { limits } from '@belay/protocol'
import { type ProgramEnd, runProgram } from './program.ts'

export interface Credential {
  /** Where the repository is. Only an address of HTTP takes a token. */
  readonly url: string
  readonly token: string
  /** Default: `userDefault`. */
  readonly user?: string | undefined
}

export interface GitOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly msMax: number
  /** From being asked to end until it is killed. Default: that of `program.ts`. */
  readonly graceMs?: number
  readonly credential?: Credential | undefined
  /** Which repository, where it is not the one of the folder. */
  readonly variables?: Readonly<Record<string, string>>
  /** Settings that count more than those of any file. */
  readonly settings?: readonly Setting[]
  readonly input?: Uint8Array
  /** Lines of progress, as git rewrites them. */
  readonly onProgress?: (line: string) => void
  /** Output beyond this ends git, and what came before is the answer. */
  readonly outputBytesMax?: number
}

export type Setting = readonly [name: string, value: string]

export interface GitEnd {
  readonly end: ProgramEnd
  /** One sentence; absent when it went well. */
  readonly fault: string | undefined
  readonly output: string
  /** The same as it came: names are bytes. */
  readonly bytes: Buffer
  /** There was more output than was wanted. */
  readonly cut: boolean
  /** The last lines of stderr that are no progress. */
  readonly lines: readonly string[]
}

/** No hook of a repository or of the person's settings is run, and no program that watches files. */
export const quiet = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'] as const

const outputBytesDefault = 64 * 1024 * 1024

export async function git(args: readonly string[], options: GitOptions): Promise<GitEnd> {
  const { signal, msMax, graceMs, onProgress, input } = options
  const { outputBytesMax = outputBytesDefault } = options
  const opened = openedBy(options.credential)
  const hide = (text: string) =>
    opened === undefined ? text : text.replaceAll(opened.token, '•••')
  const heard = new Heard((line) => onProgress?.(hide(line)))
  const chunks: Buffer[] = []
  let bytes = 0
  const full = new AbortController()
  const end = await runProgram('git', args, {
    env: environment(options, opened),
    ...(input === undefined ? {} : { input }),
    ...(opened === undefined ? {} : { handed: opened.handed }),
    signal: AbortSignal.any([signal, full.signal]),
    msMax,
    ...(graceMs === undefined ? {} : { graceMs }),
    onOutput: (data) => {
      bytes += data.length
      if (bytes > outputBytesMax + data.length) return
      chunks.push(data)
      if (bytes > outputBytesMax) full.abort()
    },
    onError: (data) => heard.push(data.toString('utf8')),
  })
  const cut = full.signal.aborted && !signal.aborted
  const lines = heard.last().map(hide)
  const fault = cut ? undefined : faultOf(end, lines, msMax)
  const all = Buffer.concat(chunks).subarray(0, outputBytesMax)
  return { end, fault, output: all.toString('utf8'), bytes: all, cut, lines }
}

/** Git was ended or not even started: whatever was asked is not known, and may be asked again. */
export class Unanswered extends Error {}

/** What git itself says, be it that something is not there. @throws Unanswered */
export function answered(ended: GitEnd): GitEnd {
  if (ended.end.type === 'exited') return ended
  throw new Unanswered(ended.fault ?? 'git had more to say than can be taken in.')
}

/** Whether it failed by a lock that another git holds, mostly for moments. */
export function isLocked({ lines }: GitEnd): boolean {
  return lines.some((line) => /\.lock'?: File exists|is locked by another|index\.lock/i.test(line))
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

/** Why it did not go well, in a sentence; `undefined` when it did. */
export function faultOf(
  end: ProgramEnd,
  lines: readonly string[],
  msMax: number,
): string | undefined {
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

/**
 * A name for an address that no setting rewrites: of all `insteadOf` the longest match counts, and nobody can have set
 * one for a name that was made just now.
 */
export function pinned(url: string): {
  readonly name: string
  readonly settings: readonly Setting[]
} {
  const name = `belay-${randomBytes(12).toString('hex')}:`
  return {
    name,
    settings: [
      [`url.${url}.insteadOf`, name],
      [`url.${url}.pushInsteadOf`, name],
    ],
  }
}

/** Whether a token can be used there. */
export function takesToken(credential: Credential | undefined): boolean {
  return openedBy(credential) !== undefined
}

/**
 * What would make git look at another repository than the one it is told, write secrets where people look, or hand on a
 * token that lies in our own environment.
 */
const unwanted =
  /^(GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|TRACE.*|CURL_VERBOSE)|BELAY_GIT_.*)$/

/** What git is run with: nothing that makes it look elsewhere, ask a person, or say things in another language. */
export function environment(
  { env, variables, settings = [] }: GitOptions,
  opened?: Opened,
): Record<string, string | undefined> {
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
    ...settingsEnv([...(opened?.settings ?? []), ...settings], env),
  }
}

function settingsEnv(
  settings: readonly Setting[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (settings.length === 0) return {}
  const first = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  return {
    GIT_CONFIG_COUNT: String(first + settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${first + index}`, key],
        [`GIT_CONFIG_VALUE_${first + index}`, value],
      ]),
    ),
  }
}

/** Who is let in where a host asks for any name beside a token. */
const userDefault = 'x-access-token'
/** One record is read for each time git asks, which it does once or twice in a transfer. */
const records = 32

interface Opened {
  readonly token: string
  readonly settings: readonly Setting[]
  /** User and token, a line each, as often as git may ask. */
  readonly handed: string
}

/**
 * The token as git is given it: by a helper that reads it from descriptor 3, for the one host. All other helpers are taken
 * off the list, because some keep what worked; hooks and what git does in the background would inherit the descriptor.
 * A redirect is followed at the first request alone, and git asks anew for the host it led to, which has no helper.
 */
function openedBy(credential: Credential | undefined): Opened | undefined {
  if (credential === undefined) return undefined
  const { url, token, user } = credential
  const at = URL.parse(url)
  if (at === null || !/^https?:$/.test(at.protocol) || !/^[\w.\-:[\]]+$/.test(at.host))
    return undefined
  const name = user ?? (at.username === '' ? userDefault : decodeURIComponent(at.username))
  const helper =
    '!f() { test "$1" = get && IFS= read -r user <&3 && IFS= read -r token <&3 && printf "username=%s\\npassword=%s\\n" "$user" "$token"; }; f'
  return {
    token,
    handed: `${name}\n${token}\n`.repeat(records),
    settings: [
      ['core.hooksPath', '/dev/null'],
      ['core.fsmonitor', 'false'],
      ['gc.auto', '0'],
      ['maintenance.auto', 'false'],
      ['submodule.recurse', 'false'],
      ['http.followRedirects', 'initial'],
      ['credential.helper', ''],
      [`credential.${at.protocol}//${at.host}.helper`, helper],
    ],
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
