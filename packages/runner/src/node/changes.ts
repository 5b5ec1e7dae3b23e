/** What differs between two checkpoints, small enough for one event. */
import { type ChangedFile, limits, utf8Bytes } from '@belay/protocol'
import type { Saved } from '../input.ts'
import type { Bound, Shadow } from './shadow.ts'

interface Between {
  readonly before: string
  readonly after: string
}

const marker = '\n… [cut by Belay: the patch goes on]\n'

/** @returns `undefined` when it cannot be said */
export async function changesBetween(
  shadow: Shadow,
  { before, after }: Between,
  bound: Bound,
): Promise<Saved['changes']> {
  const diff = ['diff-tree', '-r', '--no-renames', '--no-ext-diff', '--no-textconv']
  const names = await shadow.run([...diff, '-z', '--name-status', before, after], bound)
  const lines = await shadow.run([...diff, '-z', '--numstat', before, after], bound)
  const patch = await shadow.run([...diff, '-p', '--no-color', before, after], bound, {
    outputBytesMax: limits.patchBytesMax,
  })
  if (names.fault !== undefined || lines.fault !== undefined || patch.fault !== undefined)
    return undefined
  const files = filesOf(names.output, lines.output)
  const told = fitting(files)
  const more = files.length - told.length
  return {
    files: [...told],
    ...(more === 0 ? {} : { more }),
    patch: fitPatch(patch.output, patch.cut),
  }
}

const statuses: Readonly<Record<string, ChangedFile['status']>> = { A: 'added', D: 'removed' }

/** @param names `A\0path\0…`. @param lines `1\t2\tpath\0…`, with dashes for what is no text */
function filesOf(names: string, lines: string): readonly ChangedFile[] {
  const counts = new Map<string, { added: number; removed: number }>()
  for (const line of lines.split('\0')) {
    const [, added, removed, path] = /^(\d+)\t(\d+)\t([\s\S]+)$/.exec(line) ?? []
    if (path !== undefined) counts.set(path, { added: Number(added), removed: Number(removed) })
  }
  const parts = names.split('\0')
  const files: ChangedFile[] = []
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const path = parts[index + 1] ?? ''
    files.push({ path, status: statuses[parts[index] ?? ''] ?? 'changed', ...counts.get(path) })
  }
  return files
}

function fitting(files: readonly ChangedFile[]): readonly ChangedFile[] {
  let bytes = 0
  const end = files.findIndex((file) => {
    bytes += utf8Bytes(JSON.stringify(file)) + 1
    return bytes > limits.changedFilesBytesMax
  })
  return end < 0 ? files : files.slice(0, end)
}

/** As it is stored. */
function size(text: string): number {
  return utf8Bytes(JSON.stringify(text))
}

/** Cut at the end of a line, so that what is left is still a patch. */
function fitPatch(patch: string, cut: boolean): string {
  if (!cut && size(patch) <= limits.patchBytesMax) return patch
  let text = patch
  while (size(text) + size(marker) > limits.patchBytesMax) {
    const keep = (text.length * (limits.patchBytesMax - size(marker))) / size(text)
    text = text.slice(0, Math.floor(Math.min(keep, text.length - 1)))
  }
  return `${text.slice(0, text.lastIndexOf('\n') + 1)}${marker.slice(1)}`
}
