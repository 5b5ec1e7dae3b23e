/** What a session's turns changed in its workspace, from its transcript. Pure. */
import {
  type ChangesItem,
  type Extent,
  fileKey,
  itemsOf,
  type PromptItem,
  type Transcript,
} from '@belay/client'
import type { ChangedFile } from '@belay/protocol'
import { type PatchFile, patchFiles } from './patch-files.ts'

/** What a turn changed, beside what was asked of it. */
export interface TurnChanges extends ChangesItem {
  /** The text of its prompt, where the transcript has it. */
  readonly prompt: string | undefined
}

export const takenBackWords: Readonly<
  Record<Extent, { readonly short: string; readonly sentence: string }>
> = {
  whole: {
    short: 'taken back',
    sentence: 'This was taken back: the workspace does not hold it any more.',
  },
  part: {
    short: 'taken back in part',
    sentence: 'This was taken back but for files that stayed as they were.',
  },
}

/** The latest first. */
export function changesOf(transcript: Transcript): readonly TurnChanges[] {
  const prompts = new Map<number, PromptItem>()
  const changes: ChangesItem[] = []
  for (const item of itemsOf(transcript.items)) {
    if (item.type === 'prompt' && item.turn !== undefined) prompts.set(item.turn, item)
    if (item.type === 'changes') changes.push(item)
  }
  return changes.toReversed().map((item) => ({ ...item, prompt: prompts.get(item.turn)?.text }))
}

/** What the workspace holds of them: not what was taken back. */
export function heldChanges(turns: readonly TurnChanges[]): readonly TurnChanges[] {
  return turns.filter(({ takenBack }) => takenBack !== 'whole')
}

/**
 * What is to be known of a list of files: what is not in it, and why.
 * @param shown the turn whose files are listed; absent where they are those of the whole session
 */
export function remarksOf(
  turns: readonly TurnChanges[],
  shown: TurnChanges | undefined,
): readonly string[] {
  if (shown !== undefined) {
    const { takenBack, problem, notes } = shown
    const back = takenBack === undefined ? undefined : takenBackWords[takenBack].sentence
    return [back, problem, ...notes].filter((remark) => remark !== undefined)
  }
  const held = heldChanges(turns)
  const remarks = held.flatMap(({ turn, takenBack, problem, notes }) => [
    problem,
    takenBack && `Turn ${turn} was taken back but for files that stayed as they were.`,
    ...notes.map((note) => `Turn ${turn}: ${note}`),
  ])
  return [goneWords(turns.length - held.length), ...remarks].filter(
    (remark) => remark !== undefined,
  )
}

function goneWords(count: number): string | undefined {
  if (count === 0) return undefined
  return count === 1
    ? 'One turn was taken back and is not in this list: the workspace does not hold what it changed.'
    : `${count} turns were taken back and are not in this list: the workspace does not hold what they changed.`
}

export interface FileChanges {
  /** What tells it from every other file. */
  readonly key: string
  readonly path: string
  readonly status: ChangedFile['status']
  readonly added: number | undefined
  readonly removed: number | undefined
  /** What each turn did to it, the earliest first. */
  readonly parts: readonly { readonly turn: number; readonly patch: PatchFile }[]
}

/** Some turns’ changes, file by file. What a later turn changed back is still told of: it did happen. */
export function fileChanges(turns: readonly TurnChanges[]): readonly FileChanges[] {
  const files = new Map<string, FileChanges>()
  for (const { turn, files: changed, patch } of turns.toSorted((a, b) => a.turn - b.turn)) {
    // Behind those of the list comes what a patch has beyond it.
    for (const [index, part] of patchFiles(patch, changed).entries()) {
      const file = changed[index] ?? unlisted(part)
      const key = fileKey(file)
      const before = files.get(key)
      files.set(key, {
        key,
        path: file.path,
        status: joinedStatus(before?.status, file.status),
        added: sum(before === undefined ? 0 : before.added, file.added),
        removed: sum(before === undefined ? 0 : before.removed, file.removed),
        parts: [...(before?.parts ?? []), { turn, patch: part }],
      })
    }
  }
  return [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function unlisted({ path, lines }: PatchFile): ChangedFile {
  const count = (type: 'added' | 'removed') => lines.filter((line) => line.type === type).length
  return { path, status: 'changed', added: count('added'), removed: count('removed') }
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
