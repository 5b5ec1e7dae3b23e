/**
 * Folders of this machine that sessions work in: who shares one, what may not be one, and what a deleted session leaves.
 *
 * Owns: which living session is in which folder, by device and inode, so neither a link nor another spelling hides that two
 * are in the same. What being told of it means is decided by the session, and that no turn begins during a restore by the
 * runners themselves.
 *
 * Invariants:
 * - E-18 A session that cannot be read, or that cannot hear, keeps nothing from the others in its folder.
 * - E-30 While another session has a turn in the same folder, whatever the paths are called, it is named.
 * - E-40 A folder that is a data folder, or lies in one, is refused with the reason before a session is made in it.
 * - E-41 A folder can be asked about before a session starts in it, in bounded time, and what it holds is not told.
 * - K-45 Sessions that come to work in the same folder are both told of the other, and told again when that is over.
 * - K-55 Who is where is read after a start, a page at a time; only who asks for it waits for that.
 */
import { stat } from 'node:fs/promises'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { limits, type Place } from '@belay/protocol'
import {
  dataFolderRefusal,
  isWorktree,
  type Left,
  lookAtWorktree,
  originAt,
} from '@belay/runner/node'
import { type SessionInput, type SessionState, viewOf } from '@belay/session'
import type { Logger } from 'pino'
import { workspaceFolder } from './data-folder.ts'
import { listSessions } from './list-viewer.ts'
import { type SessionHost, stateOf } from './session-host.ts'

export interface FoldersOptions {
  readonly host: Pick<SessionHost, 'alarmed' | 'list' | 'read' | 'submit'>
  readonly dataFolder: string
  readonly log: Logger
}

/** The most that looking at a folder may take: only the disk of another machine takes longer than a moment. */
const lookMsMax = 2000
/** The most that looking for what a deleted session would leave may take. */
const leftMsMax = 20_000
/** What a folder is, is believed for this long: many sessions may start at once. */
const keyMs = 5000

export class Folders {
  readonly #options: FoldersOptions
  /** Of living sessions that work in a folder of a person's own. */
  readonly #paths = new Map<string, string>()
  /** Who was told of whom, either way. */
  readonly #told = new Map<string, Set<string>>()
  readonly #keys = new Map<string, { readonly key: string | undefined; readonly at: number }>()
  /** Ends when it is known who is where. */
  #known: Promise<void> = Promise.resolve()
  #lane: Promise<void> = Promise.resolve()

  constructor(options: FoldersOptions) {
    this.#options = options
  }

  /** Begins to read from the store who is where, and to take back what is not so any more. */
  begin(): void {
    this.#known = this.#next(() => this.#readAll())
  }

  async #readAll(): Promise<void> {
    let before: string | undefined
    do {
      // oxlint-disable-next-line no-await-in-loop -- whoever asks the server for something comes in between
      await nextTurn()
      const page = listSessions(this.#options.host, limits.pageSessionsMax, before)
      for (const { id, workspace, sharedWith = [] } of page) {
        const path = pathOf(workspace)
        if (path !== undefined) this.#paths.set(id, path)
        for (const other of sharedWith) this.#note(id, other.id)
      }
      before = page.length < limits.pageSessionsMax ? undefined : page.at(-1)?.id
    } while (before !== undefined)
    for (const id of this.#told.keys()) if (!this.#paths.has(id)) this.gone(id)
  }

  /** A session is being prepared: it may be new in its folder. */
  settle(id: string): void {
    void this.#next(async () => {
      const path = livingPath(stateOf(this.#options.host, id))
      const before = this.#paths.get(id)
      if (path === undefined) this.#paths.delete(id)
      else this.#paths.set(id, path)
      const others = path === undefined ? [] : await this.#in(path)
      const now = new Set(others.filter((other) => other !== id))
      if (before !== path)
        for (const other of this.#told.get(id) ?? [])
          if (!now.has(other)) await this.#free(id, other)
      for (const other of [...now].slice(0, limits.sharedSessionsMax)) await this.#share(id, other)
    })
  }

  /** A session was deleted. */
  gone(id: string): void {
    void this.#next(async () => {
      this.#paths.delete(id)
      for (const other of this.#told.get(id) ?? []) await this.#free(id, other)
      this.#told.delete(id)
    })
  }

  /** What is known of a folder before a session starts in it. */
  async place(path: string): Promise<Place> {
    const exists = (await keyOf(path)) !== undefined
    if (!exists) return { exists, sessions: [] }
    const refusal = dataFolderRefusal(path)
    if (refusal !== undefined) return { exists, sessions: [], refusal }
    const signal = AbortSignal.timeout(lookMsMax)
    const [repository, others] = await Promise.all([
      originAt(path, { env: process.env, signal, msMax: lookMsMax }),
      this.#known.then(() => this.#in(path)),
    ])
    const sessions = others.slice(0, limits.sharedSessionsMax).flatMap((id) => {
      const state = stateOf(this.#options.host, id)
      if (state === undefined) return []
      const { title, status } = viewOf(state, id)
      return [{ id, title, status }]
    })
    if (typeof repository === 'string') return { exists, sessions }
    const { top, branch } = repository
    return { exists, sessions, git: { top, ...(branch === undefined ? {} : { branch }) } }
  }

  /** @returns why no session may work in a folder; one that does not answer is left to the runner */
  async refusal(path: string): Promise<string | undefined> {
    return (await keyOf(path)) === undefined ? undefined : dataFolderRefusal(path)
  }

  /** @returns another session that has a turn running where this one works */
  async beside(id: string): Promise<{ id: string; title: string } | undefined> {
    const { host } = this.#options
    const path = folderOf(stateOf(host, id))
    if (path === undefined) return undefined
    // Whoever has a turn has a deadline (S-3): those that sleep are not looked at, however many they are.
    const busy = host.alarmed().flatMap((other) => {
      const state = other === id ? undefined : stateOf(host, other)
      const folder = state?.turn.type === 'active' ? folderOf(state) : undefined
      return folder === undefined ? [] : [{ id: other, title: state?.settings.title ?? '', folder }]
    })
    if (busy.length === 0) return undefined
    const [own, ...keys] = await Promise.all([path, ...busy.map(({ folder }) => folder)].map(keyOf))
    // Of a disk that does not answer the words count.
    return busy.find(
      ({ folder }, index) => folder === path || (own !== undefined && keys[index] === own),
    )
  }

  /** @returns what would stay of a session's worktree if it were deleted now */
  async left(id: string): Promise<Left | undefined> {
    const path = workspaceFolder(this.#options.dataFolder, id)
    if (!isWorktree(path)) return undefined
    const signal = AbortSignal.timeout(leftMsMax)
    return lookAtWorktree(path, { env: process.env, signal, msMax: leftMsMax })
  }

  /** Living sessions in the same folder, the newest first. */
  async #in(path: string): Promise<string[]> {
    const { host } = this.#options
    const wanted = await this.#key(path)
    if (wanted === undefined) return []
    const others = [...new Set(this.#paths.values())]
    const keys = new Map(
      await Promise.all(others.map(async (one) => [one, await this.#key(one)] as const)),
    )
    const found = [...this.#paths].filter(([, at]) => keys.get(at) === wanted).map(([id]) => id)
    return found
      .flatMap((id) => {
        const state = stateOf(host, id)
        if (state === undefined || livingPath(state) === undefined) return []
        return [{ id, createdAt: state.settings.createdAt }]
      })
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .map(({ id }) => id)
  }

  async #key(path: string): Promise<string | undefined> {
    const known = this.#keys.get(path)
    if (known !== undefined && performance.now() - known.at < keyMs) return known.key
    const key = await keyOf(path)
    if (this.#keys.size > limits.pageEventsMax) this.#keys.clear()
    this.#keys.set(path, { key, at: performance.now() })
    return key
  }

  async #share(one: string, other: string): Promise<void> {
    this.#note(one, other)
    for (const [to, about] of [
      [one, other],
      [other, one],
    ] as const) {
      const title = stateOf(this.#options.host, about)?.settings.title
      if (title !== undefined)
        await this.#tell(to, { type: 'folder-shared', session: about, title })
    }
  }

  async #free(one: string, other: string): Promise<void> {
    await this.#tell(one, { type: 'folder-freed', session: other })
    await this.#tell(other, { type: 'folder-freed', session: one })
    this.#told.get(one)?.delete(other)
    this.#told.get(other)?.delete(one)
  }

  #note(one: string, other: string): void {
    for (const [id, about] of [
      [one, other],
      [other, one],
    ] as const) {
      const told = this.#told.get(id) ?? new Set()
      this.#told.set(id, told.add(about))
    }
  }

  async #tell(id: string, input: SessionInput): Promise<void> {
    const { host, log } = this.#options
    try {
      await host.submit(id, input)
    } catch (error) {
      log.warn({ session: id, error: String(error) }, 'it could not be told who shares its folder')
    }
  }

  /** One after the other: two sessions that start at once are each told of the other. Never rejects. */
  #next(job: () => Promise<void>): Promise<void> {
    this.#lane = this.#lane.then(job).catch((error: unknown) => {
      this.#options.log.warn({ error: String(error) }, 'who shares a folder is not known')
    })
    return this.#lane
  }
}

function livingPath(state: SessionState | undefined): string | undefined {
  if (state === undefined) return undefined
  const { lifecycle, settings } = state
  if (lifecycle.type === 'absent' || lifecycle.type === 'deleted') return undefined
  return pathOf(settings.workspace)
}

/** Where a session works: where its agent last did, else the folder it was made for. */
function folderOf(state: SessionState | undefined): string | undefined {
  if (state === undefined) return undefined
  const { agent, settings } = state
  if (agent.folder !== undefined) return agent.folder
  return settings.workspace.type === 'folder' ? settings.workspace.path : undefined
}

/** A worktree is nobody else's. */
function pathOf(workspace: SessionState['settings']['workspace']): string | undefined {
  return workspace.type === 'folder' && workspace.worktree === undefined
    ? workspace.path
    : undefined
}

/** What a folder is, whatever its spelling. @returns `undefined` when there is none, or its disk does not answer */
async function keyOf(path: string): Promise<string | undefined> {
  const late = new AbortController()
  const key = await Promise.race([
    lookAt(path),
    sleep(lookMsMax, undefined, { signal: late.signal, ref: false }).catch(() => undefined),
  ])
  late.abort()
  return key
}

/** Looks under way. On a disk that does not answer each keeps one of the few threads there are, so of one path there is one. */
const looks = new Map<string, Promise<string | undefined>>()

function lookAt(path: string): Promise<string | undefined> {
  const underWay = looks.get(path)
  if (underWay !== undefined) return underWay
  const look = stat(path, { bigint: true })
    .then((seen) => (seen.isDirectory() ? `${seen.dev}:${seen.ino}` : undefined))
    .catch(() => undefined)
    .finally(() => looks.delete(path))
  looks.set(path, look)
  return look
}
