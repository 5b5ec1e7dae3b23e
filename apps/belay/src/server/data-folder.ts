/**
 * The data folder: where everything of one server is.
 *
 *   belay.db             the store                 server.json   where the server listens, for runners and the command line
 *   lock.db              who serves this folder    token         opens the API for people and programs
 *   runners/<session>/   a runner's own folder     secret        signs what only this server may sign
 *   address/             server.json once more, and nothing else: what runners watch
 *   workspaces/<session>/ clones
 *
 * Owns: the names, and making the two secrets once.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

export interface DataFolder {
  readonly path: string
  readonly token: string
  readonly secret: Buffer
}

/** Opens the folder, making it and its secrets when they are not there. */
export function openDataFolder(path: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const token = keep(join(path, 'token'), () => `belay_${randomBytes(24).toString('base64url')}`)
  const secret = Buffer.from(
    keep(join(path, 'secret'), () => randomBytes(32).toString('hex')),
    'hex',
  )
  // The store's companions take its mode: prompts are nobody else's, also in a folder that others may enter.
  closeSync(openSync(join(path, 'belay.db'), 'a', 0o600))
  return { path, token, secret }
}

export function runnerFolder(dataFolder: string, session: string): string {
  return join(dataFolder, 'runners', session)
}

export function workspaceFolder(dataFolder: string, session: string): string {
  return join(dataFolder, 'workspaces', session)
}

export interface ServerAddress {
  readonly url: string
  readonly pid: number
  readonly startedAt: number
  readonly version: string
}

/** Says where this server listens. Replaced in one step, because runners read it at any moment. */
export function writeServerAddress(dataFolder: string, address: ServerAddress): void {
  const text = JSON.stringify(address)
  replace(join(dataFolder, 'server.json'), text)
  // In the folder itself every commit of the store would wake every runner.
  const watched = join(dataFolder, 'address')
  mkdirSync(watched, { recursive: true, mode: 0o700 })
  replace(join(watched, 'server.json'), text)
}

/** A small file's content, made and synced the first time. */
function keep(path: string, make: () => string): string {
  if (!existsSync(path)) replace(path, make())
  const text = readFileSync(path, 'utf8').trim()
  if (text === '')
    throw new Error(`${path} is empty: remove it and start again, which makes a new one`)
  return text
}

function replace(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`
  writeFileSync(fresh, `${text}\n`, { mode: 0o600, flush: true })
  renameSync(fresh, path)
}
