/**
 * The server's log: one JSON line per fact, in `server.log` of the data folder, so that stdout is free for the link.
 *
 * - E-51 A fault of the server itself reaches the log before its end.
 *
 * Owns: the file and its size. A server says little, so looking at a start whether it is large is enough.
 */
import { once } from 'node:events'
import { appendFileSync, closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lockOwner } from '@belay/actor/node'
import { type Logger, pino } from 'pino'

/** A log above this is put aside at the next start, in the place of the one that was put aside before. */
export const logBytesMax = 8 * 1024 * 1024

/** @throws when the file cannot be written */
export async function openServerLog(dataFolder: string): Promise<Logger> {
  const path = join(dataFolder, 'server.log')
  // A server that has the folder goes on writing to its file, and this start is about to fail.
  if (isLarge(path) && lockOwner(dataFolder) === undefined) renameSync(path, `${path}.old`)
  // What cannot be opened is thrown here: pino would throw it, and once more at the end of the process.
  closeSync(openSync(path, 'a', 0o600))
  const file = pino.destination(path)
  // Before its file is open pino cannot end: a start that fails at once would end in pino's stack, not in our sentence.
  await once(file, 'ready')
  // A disk that is full must not end the server by way of its log: what matters is in the store, which speaks for itself.
  file.on('error', () => undefined)
  return pino({ base: null }, file)
}

/** From now on a fault of our own is in the log and on the terminal before the process ends. @returns what undoes it */
export function guardServer(dataFolder: string): () => void {
  function crash(error: unknown): void {
    logCrash(dataFolder, error)
    console.error(error)
    process.exit(1)
  }
  // What is rejected and never caught becomes an uncaught exception too.
  process.on('uncaughtException', crash)
  return () => process.off('uncaughtException', crash)
}

/** The last line: written at once, because nothing comes after it. */
function logCrash(dataFolder: string, error: unknown): void {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const line = {
    level: 60,
    time: Date.now(),
    error: words,
    msg: 'the server met a fault of its own',
  }
  try {
    appendFileSync(join(dataFolder, 'server.log'), `${JSON.stringify(line)}\n`, { mode: 0o600 })
  } catch {
    // A full disk: its terminal has the same words.
  }
}

function isLarge(path: string): boolean {
  return existsSync(path) && statSync(path).size > logBytesMax
}
