/**
 * What can be said of an agent's program without running it: that it is not there, may not be run, or is for another machine.
 *
 * - M-20 A program that cannot run is found out before a process is made of it.
 */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { type Cause, causeOf } from '../connection/cause.ts'

export interface Preflight {
  readonly command: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** @returns why it cannot be started; `undefined` when nothing speaks against it */
export function preflight({ command, cwd, env }: Preflight): Cause | undefined {
  if (!isFolder(cwd))
    return causeOf('refused', `The folder the agent works in is not there: ${cwd}`)
  const files = candidates(command, cwd, env).filter(isFile)
  const [first] = files
  if (first === undefined)
    return causeOf(
      'missing',
      `The program "${command}" was not found. Install it, or name another.`,
    )
  // Windows has no such bit.
  if (process.platform === 'win32') return undefined
  const file = files.find(mayRun)
  if (file === undefined)
    return causeOf('not-executable', `The program ${first} may not be run: it is not executable.`)
  const foreign = kindOf(head(file))
  return foreign === undefined
    ? undefined
    : causeOf(
        'wrong-platform',
        `The program ${file} was made for ${foreign}, not for this machine.`,
      )
}

function candidates(command: string, cwd: string, env: Preflight['env']): readonly string[] {
  if (isAbsolute(command)) return [command]
  if (/[\\/]/.test(command)) return [resolve(cwd, command)]
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const names =
    process.platform === 'win32'
      ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';').map((end) => command + end)
      : [command]
  return folders.flatMap((folder) => names.map((name) => join(folder, name)))
}

/** ELF's numbers of machines, for those Node runs on. */
const machines: Readonly<Record<number, NodeJS.Architecture>> = {
  3: 'ia32',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
}

/** @returns what the program was made for when that is not this machine */
function kindOf(bytes: Buffer): string | undefined {
  const magic = bytes.toString('latin1', 0, 4)
  if (magic.startsWith('MZ')) return 'Windows'
  if (['cffaedfe', 'cafebabe'].includes(bytes.toString('hex', 0, 4)))
    return process.platform === 'darwin' ? undefined : 'macOS'
  if (magic !== '\u007fELF' || bytes.length < 20) return undefined
  if (process.platform === 'darwin') return 'Linux'
  const number = bytes[5] === 2 ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18)
  const machine = machines[number]
  return machine === undefined || machine === process.arch || runsBeside(machine)
    ? undefined
    : `${machine} processors`
}

/** A 64-bit machine runs its 32-bit programs. */
function runsBeside(machine: NodeJS.Architecture): boolean {
  return (
    (process.arch === 'x64' && machine === 'ia32') ||
    (process.arch === 'arm64' && machine === 'arm')
  )
}

function head(file: string): Buffer {
  const bytes = Buffer.alloc(20)
  try {
    const descriptor = openSync(file, 'r')
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0))
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // It may be run and not be read: the system will say what it thinks of it.
    return bytes.subarray(0, 0)
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
