/** The folder the agent works in, so that paths can be said as a person would say them. */
import { createContext, use } from 'react'
import type { SessionView } from '@belay/protocol'
import type { Item } from '@belay/client'

export const FolderScope = createContext<string | undefined>(undefined)

export function useFolder(): string | undefined {
  return use(FolderScope)
}

/** @param first the first block of the transcript, where the agent says which folder it is in. Pure. */
export function folderOf(
  session: SessionView | undefined,
  first: readonly Item[] | undefined,
): string | undefined {
  const workspace = session?.workspace
  if (workspace?.type === 'folder' && workspace.worktree === undefined) return workspace.path
  for (const item of first ?? []) {
    if (item.type === 'notice' && item.event.type === 'agent-ready') return item.event.folder
  }
  return undefined
}
