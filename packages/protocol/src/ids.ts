/** Identities. All are chosen by whoever asks first, so a repeated request is recognised. */
import { z } from 'zod'

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
const idRule = '1 to 64 characters of A-Z a-z 0-9 _ -, the first not a sign'

function id(what: string) {
  return z.string().regex(idPattern, { error: `${what} must be ${idRule}` })
}

export const sessionIdSchema = id('a session id')
export const promptIdSchema = id('a prompt id')
/** The same for every attempt to tell one turn's end, so that a receiver can drop what it has already. */
export const callbackIdSchema = z.string().min(1).max(100)
export const permissionIdSchema = z.string().min(1).max(200)

/** The number of a turn within its session, from 1. */
export const turnSchema = z.int().min(1)
/** The fencing number of a session's runner, from 1. */
export const generationSchema = z.int().min(1)
/** A place in a session's log; 0 is before the first event. */
export const cursorSchema = z.int().min(0)
