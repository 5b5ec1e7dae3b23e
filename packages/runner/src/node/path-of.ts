/** A name as the platform takes it: text where it is ASCII, which is quicker, and its very bytes where it is not. */
import { sep } from 'node:path'
import type { Name } from '../tree/name.ts'

/** @param name may be empty, or end with `/` */
export function pathOf(folder: string, name: Name): string | Buffer {
  if (name === '') return folder
  const plain = name.endsWith('/') ? name.slice(0, -1) : name
  // oxlint-disable-next-line no-control-regex -- exactly the bytes that are ASCII
  if (/^[\u0000-\u007f]*$/.test(plain)) return `${folder}${sep}${plain}`
  return Buffer.concat([Buffer.from(`${folder}${sep}`), Buffer.from(plain, 'latin1')])
}

/** The same as text, which is all that a program's arguments can be; `undefined` when it is no UTF-8. */
export function textPathOf(folder: string, name: Name): string | undefined {
  const bytes = Buffer.from(name.endsWith('/') ? name.slice(0, -1) : name, 'latin1')
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return undefined
  return text === '' ? folder : `${folder}${sep}${text}`
}
