/**
 * The server's log: one JSON line per fact, in `server.log` of the data folder, so that stdout is free for the link.
 *
 * Owns: the file and its size. A server says little, so looking at a start whether it is large is enough.
 */
import { once } from 'node:events'
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
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

function isLarge(path: string): boolean {
  return existsSync(path) && statSync(path).size > logBytesMax
}
