/** The handshake of a channel: who dials, and from where each side goes on. */
import { z } from 'zod'
import { generationSchema, sessionIdSchema } from './ids.ts'

export const helloSchema = z.object({
  version: z.int().min(1),
  session: sessionIdSchema,
  generation: generationSchema,
  /** The last command this runner has: the session sends on from the next. */
  received: z.int().min(0),
})
export type Hello = z.infer<typeof helloSchema>

export const welcomeSchema = z.object({
  version: z.int().min(1),
  /** The last report the session has stored: the runner sends on from the next. */
  received: z.int().min(0),
})
export type Welcome = z.infer<typeof welcomeSchema>
