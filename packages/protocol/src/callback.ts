/**
 * Callbacks: a signed POST that tells somebody else's program of a turn's end. At least once, always under the same id.
 *
 * The scheme is Standard Webhooks: headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, which is
 * `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 */
import { z } from 'zod'
import { callbackIdSchema, promptIdSchema, sessionIdSchema, turnSchema } from './ids.ts'
import { limits } from './limits.ts'
import { endFields } from './outcome.ts'

/** Where to, and what to sign with: `whsec_` and base64 is decoded as Standard Webhooks says, anything else is taken as it is. */
export const callbackTargetSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .max(limits.urlCharsMax),
    secret: z.string().min(16, { error: 'must have at least 16 characters' }).max(200),
  })
  .meta({ id: 'CallbackTarget' })
export type CallbackTarget = z.infer<typeof callbackTargetSchema>

/** The body of the POST. */
export const callbackBodySchema = z
  .object({
    type: z.literal('turn.ended'),
    timestamp: z.iso.datetime().meta({ description: 'When the turn ended.' }),
    data: z.object({
      session: sessionIdSchema,
      turn: turnSchema,
      promptId: promptIdSchema,
      ...endFields,
      undecided: z.array(turnSchema).optional().meta({
        description:
          'Turns of the session that somebody has to decide about, as it was when this one ended; of very many the latest.',
      }),
      held: z
        .int()
        .optional()
        .meta({ description: 'How many prompts wait until that is decided.' }),
    }),
  })
  .meta({ id: 'CallbackBody' })
export type CallbackBody = z.infer<typeof callbackBodySchema>

/** How far the telling of one turn's end has come. */
export const callbackSchema = z
  .object({
    callbackId: callbackIdSchema,
    turn: turnSchema,
    state: z.enum(['sending', 'waiting', 'delivered', 'failed']),
    attempts: z.int(),
    endedAt: z.int(),
    /** When it is tried next, while `waiting`. */
    nextAt: z.int().optional(),
    /** When it was delivered or given up. */
    settledAt: z.int().optional(),
    problem: z.string().optional().meta({ description: 'What the last attempt met.' }),
  })
  .meta({ id: 'Callback' })
export type CallbackState = z.infer<typeof callbackSchema>
