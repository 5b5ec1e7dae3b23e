/** A runner's log for people: one file, bounded, the older half kept beside it. */
import { appendFileSync, renameSync, statSync } from 'node:fs'

const rotateBytes = 5 * 1024 * 1024

/**
 * @param path in a folder that is there: one that was removed is not made again for a log
 * @returns a function that writes one line with its time; it never throws, because a log must not end what it describes
 */
export function openLog(path: string): (line: string) => void {
  let bytes = sizeOf(path)
  return (line) => {
    const text = `${new Date().toISOString()} ${line}\n`
    try {
      if (bytes > rotateBytes) {
        renameSync(path, `${path}.1`)
        bytes = 0
      }
      appendFileSync(path, text, { mode: 0o600 })
      bytes += text.length
    } catch {
      // A full disk is told by the spool, which cannot do without it.
    }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
