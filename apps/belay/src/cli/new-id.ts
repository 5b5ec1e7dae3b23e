/** Ids are made here and not by the server, so that a request can be repeated without doing its work twice. */
import { randomBytes } from 'node:crypto'

/** 60 bits in lower-case letters and digits: short prefixes tell sessions apart. */
export function newId(): string {
  return randomBytes(12).reduce(
    (text, byte) => text + 'abcdefghijkmnpqrstuvwxyz23456789'.charAt(byte % 32),
    '',
  )
}
