/** "Why is it waiting?": one sentence, and the last proof of life of each hop between a person and the model. */
import { z } from 'zod'
import { sessionIdSchema } from './ids.ts'
import { statuses } from './view.ts'

export const hops = ['server', 'link', 'runner', 'agent', 'tool', 'person', 'model'] as const
export type Hop = (typeof hops)[number]

/** What people read for each; the short names are those of the API. */
export const hopWords: Readonly<Record<Hop, string>> = {
  server: 'server',
  link: 'connection',
  runner: 'process',
  agent: 'agent',
  tool: 'tool',
  person: 'person',
  model: 'model',
}

export const hopSchema = z.object({
  hop: z.enum(hops),
  state: z.enum(['alive', 'waited-for', 'silent', 'gone', 'idle']).meta({
    description:
      'alive: a proof of life is there; waited-for: what the session waits for; silent: no proof for longer than is usual; gone: known to be away; idle: not needed now.',
  }),
  at: z.int().optional().meta({ description: 'The last proof of life, or since when it is so.' }),
  sentence: z.string(),
})
export type HopState = z.infer<typeof hopSchema>

export const whySchema = z
  .object({
    session: sessionIdSchema,
    at: z.int(),
    status: z.enum(statuses),
    sentence: z.string(),
    hops: z.array(hopSchema),
  })
  .meta({ id: 'Why' })
export type Why = z.infer<typeof whySchema>
