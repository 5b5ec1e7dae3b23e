/**
 * Sessions that work in the same folder, as far as this machine can see.
 *
 * - E-30 A restore is refused while another session has a turn in the same folder, whatever the paths are called, and
 *   that session is named.
 */
import { statSync } from 'node:fs'
import { limits, type SessionSummary } from '@belay/protocol'
import type { SessionState } from '@belay/session'
import { listSessions } from './list-viewer.ts'
import { RefusalError } from './problem.ts'
import type { SessionHost } from './session-host.ts'

/** @throws RefusalError when the files of this session are being worked on by another */
export function refuseBeside(host: SessionHost, id: string): void {
  const own = folderOf(host.read(id))
  if (own === undefined) return
  const beside = busySessions(host, id).find((other) => {
    const { turn, ...state } = host.read(other.id)
    const folder = turn.type === 'active' ? folderOf(state) : undefined
    return folder !== undefined && isSameFolder(own, folder)
  })
  if (beside === undefined) return
  throw new RefusalError(
    'folder-busy',
    `Session “${beside.title}” (${beside.id}) has a turn running in the same folder, so nothing was put back.`,
  )
}

/** Where it works: where its agent last did, else the folder it was made for. */
function folderOf({
  agent,
  settings,
}: Pick<SessionState, 'agent' | 'settings'>): string | undefined {
  if (agent.folder !== undefined) return agent.folder
  return settings.workspace.type === 'folder' ? settings.workspace.path : undefined
}

function isSameFolder(left: string, right: string): boolean {
  if (left === right) return true
  const one = placeOf(left)
  return one !== undefined && one === placeOf(right)
}

/** What a folder is on disk. A runner elsewhere has folders that cannot be looked at here: then its words count. */
function placeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Others that may have a turn running, by what the list says of them. */
function busySessions(host: SessionHost, id: string): readonly SessionSummary[] {
  const busy: SessionSummary[] = []
  let before: string | undefined
  for (;;) {
    const page = listSessions(host, limits.pageSessionsMax, before)
    busy.push(...page.filter((one) => one.id !== id && mayRun(one)))
    before = page.at(-1)?.id
    if (page.length < limits.pageSessionsMax || before === undefined) return busy
  }
}

function mayRun({ status }: SessionSummary): boolean {
  switch (status) {
    case 'preparing':
    case 'starting':
    case 'working':
    case 'waiting-person':
    case 'waiting-tool':
    case 'stopping':
    case 'recovering':
      return true
    case 'idle':
    case 'undecided':
    case 'attention':
    case 'deleted':
      return false
  }
}
