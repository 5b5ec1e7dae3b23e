/**
 * Hints: what a server tells a runner before it is sure of it, so that the runner may begin with what takes time. They have
 * no number, are lost with their socket, and nothing follows from one: whoever never hears one does the same, later.
 */
import { z } from 'zod'
import { promptIdSchema } from './ids.ts'

/** A prompt has come for a session that would hand it over at once. It is not stored yet, and may be refused. */
export const hintSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prompt-coming'), promptId: promptIdSchema }),
])
export type Hint = z.infer<typeof hintSchema>
