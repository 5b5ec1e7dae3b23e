/** What a session's turns changed in its workspace, from its transcript. Pure. */
import { type ChangesItem, itemsOf, type PromptItem, type Transcript } from '@belay/client'
import type { ChangedFile } from '@belay/protocol'
import { type PatchFile, patchFiles } from './patch-files.ts'

export interface TurnChanges {
  readonly turn: number
  /** The text of its prompt, where the transcript has it. */
  readonly prompt: string | undefined
  readonly at: number
  readonly files: readonly ChangedFile[]
  /** Files that the list had no room for. */
  readonly more: number
  readonly patch: string
}

/** The latest first. */
export function changesOf(transcript: Transcript): readonly TurnChanges[] {
  const prompts = new Map<number, PromptItem>()
  const changes: ChangesItem[] = []
  for (const item of itemsOf(transcript.items)) {
    if (item.type === 'prompt' && item.turn !== undefined) prompts.set(item.turn, item)
    if (item.type === 'changes') changes.push(item)
  }
  return changes.toReversed().map(({ turn, at, files, more, patch }) => ({
    turn,
    at,
    files,
    more,
    patch,
    prompt: prompts.get(turn)?.text,
  }))
}

export interface FileChanges {
  readonly path: string
  readonly status: ChangedFile['status']
  readonly added: number | undefined
  readonly removed: number | undefined
  /** What each turn did to it, the earliest first. */
  readonly parts: readonly { readonly turn: number; readonly patch: PatchFile | undefined }[]
}

/** Some turns' changes, file by file. What a later turn took back is still told of: it did happen. */
export function fileChanges(turns: readonly TurnChanges[]): readonly FileChanges[] {
  const files = new Map<string, FileChanges>()
  for (const { turn, files: changed, patch } of turns.toSorted((a, b) => a.turn - b.turn)) {
    const patches = new Map(patchFiles(patch).map((file) => [file.path, file]))
    for (const file of changed) {
      const before = files.get(file.path)
      files.set(file.path, {
        path: file.path,
        status: joinedStatus(before?.status, file.status),
        added: sum(before === undefined ? 0 : before.added, file.added),
        removed: sum(before === undefined ? 0 : before.removed, file.removed),
        parts: [...(before?.parts ?? []), { turn, patch: patches.get(file.path) }],
      })
    }
  }
  return [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function joinedStatus(
  before: ChangedFile['status'] | undefined,
  now: ChangedFile['status'],
): ChangedFile['status'] {
  if (before === 'added' && now === 'changed') return 'added'
  return before === 'removed' && now === 'added' ? 'changed' : now
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}
