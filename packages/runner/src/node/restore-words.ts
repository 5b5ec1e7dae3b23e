/** What is said of a turn's changes and of a restore beside their files: in sentences, bounded. */
import { limits, type RestorePlan, type Take, utf8Bytes } from '@belay/protocol'
import type { Restore } from '../state.ts'
import { type Name, shown } from '../tree/name.ts'
import type { Plan, Step } from '../tree/plan.ts'
import { isQuiet } from '../tree/tree.ts'
import type { About } from './about.ts'
import { type ActRecord, changesOf } from './acts.ts'
import type { Seen } from './look.ts'

/** @param hidden how many files changed that Git ignores now */
export function turnNotes(before: Seen, after: Seen, hidden: number): readonly string[] {
  const notes: string[] = []
  if (before.repository !== undefined && before.repository !== after.repository)
    notes.push(
      'The Git repository of the folder was removed or replaced: Belay keeps files, and not what was committed.',
    )
  for (const at of after.inner)
    if (!before.inner.includes(at))
      notes.push(
        `${shown(at).path} is now a Git repository of its own: its files are kept with the others, its commits are not.`,
      )
  for (const at of before.inner)
    if (!after.inner.includes(at))
      notes.push(
        `${shown(at).path} was a Git repository of its own and is none any more: its files are kept, its commits are not.`,
      )
  if (hidden > 0)
    notes.push(
      `${count(hidden)} that Git ignores now changed too, and what is in ${hidden === 1 ? 'it' : 'them'} is not shown.`,
    )
  if (after.dropped > 0)
    notes.push(
      `${count(after.dropped)} that Git ignored before the turn ${after.dropped === 1 ? 'is' : 'are'} neither kept nor shown.`,
    )
  return notes
}

/** @param about what there was before the first of the acts */
export function restoreNotes(
  about: About,
  now: Seen,
  acts: readonly ActRecord[],
): readonly string[] {
  const notes: string[] = []
  if (about.repository !== undefined && about.repository !== now.repository)
    notes.push(
      'The Git repository of the folder was removed or replaced since: its files go back, what was committed does not.',
    )
  const touched = new Set(acts.flatMap((act) => [...changesOf(act).keys()]))
  const inside = (at: Name) => [...touched].some((name) => name.startsWith(at))
  for (const at of new Set([...about.inner, ...now.inner])) {
    if (!inside(at)) continue
    const path = shown(at).path
    if (!now.inner.includes(at))
      notes.push(`${path} was a Git repository of its own: its files go back, its commits do not.`)
    else if (!about.inner.includes(at))
      notes.push(`${path} is a Git repository that was made since: its files go, its .git stays.`)
    else
      notes.push(
        `${path} is a Git repository of its own: its files go back, its commits and branches stay as they are.`,
      )
  }
  return notes
}

function count(files: number): string {
  return files === 1 ? '1 file' : `${files} files`
}

/** What is told, with what is said beside it. */
export function noted<Told>(told: Told, notes: readonly string[]): Told & { notes?: string[] } {
  return { ...told, ...(notes.length === 0 ? {} : { notes: capped(notes) }) }
}

/** At most as many as one report takes; the last says how many more there are. */
function capped(notes: readonly string[]): string[] {
  const short = notes.map((note) => (note.length > 500 ? `${note.slice(0, 499)}…` : note))
  if (short.length <= limits.notesMax) return short
  const more = short.length - limits.notesMax + 1
  return [...short.slice(0, limits.notesMax - 1), `… and ${more} more.`]
}

/** The plan as it is told. */
export function planned({ turn, to }: Restore, plan: Plan, notes: readonly string[]): RestorePlan {
  const back = fitting(
    plan.back
      .filter(isTold)
      .map(({ name, from, to: wanted }) => ({ ...shown(name), does: doingOf(from, wanted) })),
  )
  const stay = fitting(
    plan.stay
      .filter(({ name }) => !name.endsWith('/'))
      .map(({ name, why, message, step }) => ({
        ...shown(name),
        why,
        message: message.slice(0, 500),
        canTake: step !== undefined,
      })),
  )
  const files = {
    turn,
    to,
    back: back.told,
    ...(back.more === 0 ? {} : { moreBack: back.more }),
    stay: stay.told,
    ...(stay.more === 0 ? {} : { moreStay: stay.more }),
  }
  return noted(files, notes)
}

function isTold({ from, to }: Step): boolean {
  return (
    !isQuiet({ before: from, after: to }) || (from?.perm !== to?.perm && from?.mode !== '040000')
  )
}

function doingOf(from: Step['from'], to: Step['to']): 'create' | 'change' | 'remove' {
  return to === undefined ? 'remove' : from === undefined ? 'create' : 'change'
}

function fitting<File extends object>(files: readonly File[]): { told: File[]; more: number } {
  let bytes = 0
  const end = files.findIndex((file) => {
    bytes += utf8Bytes(JSON.stringify(file)) + 1
    return bytes > limits.plannedFilesBytesMax
  })
  const told = end < 0 ? [...files] : files.slice(0, end)
  return { told, more: files.length - told.length }
}

/** Those of the files that stay which a person chose to put back all the same. */
export function takenSteps({ stay }: Plan, take: Take | undefined): readonly Step[] {
  if (take === undefined) return []
  const chosen = take === 'all' ? undefined : new Set(take)
  return stay.flatMap(({ name, step }) =>
    step !== undefined && (chosen === undefined || chosen.has(shown(name).path)) ? [step] : [],
  )
}
