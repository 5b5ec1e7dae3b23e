/** Whether the disk has room, before anything is written to it. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '../input.ts'
import { spell } from './git.ts'

export interface DiskOptions {
  readonly freeBytesMin: number
  readonly msMax: number
}

/** @param path what is there of it is looked at. @returns what is wrong, or how much is free */
export async function checkDisk(
  path: string,
  { freeBytesMin, msMax }: DiskOptions,
): Promise<{ readonly problem: Problem } | { readonly free: string }> {
  const late = new AbortController()
  const free = await Promise.race([
    freeBytes(path),
    sleep(msMax, 'late' as const, { signal: late.signal, ref: false }).catch(() => 'late' as const),
  ])
  late.abort()
  if (free === 'late') return problem(`The disk of ${path} did not answer within ${spell(msMax)}.`)
  if (typeof free === 'string') return problem(`The disk of ${path} cannot be looked at: ${free}`)
  if (free < freeBytesMin) {
    return problem(
      `Only ${size(free)} are free on the disk of ${path}, and ${size(freeBytesMin)} are asked for. Free some, or start the server with another --min-disk.`,
    )
  }
  return { free: size(free) }
}

/** @returns bytes, or why they are not known */
async function freeBytes(path: string): Promise<number | string> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    // What is to be made is on the disk of the folder that will hold it.
    if (missing && dirname(path) !== path) return freeBytes(dirname(path))
    return error instanceof Error ? error.message : String(error)
  }
}

function problem(message: string): { readonly problem: Problem } {
  return { problem: { step: 'disk', code: 'disk-full', message: message.slice(0, 2000) } }
}

function size(bytes: number): string {
  const mib = bytes / (1024 * 1024)
  return mib < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
}
