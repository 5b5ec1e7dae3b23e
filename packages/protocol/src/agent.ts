/** Which agent, on which workspace: what a person chooses when a session starts. */
import { z } from 'zod'
import { limits } from './limits.ts'

/** A known agent by its name, or any ACP agent by its command line. Never a shell string. */
export const agentChoiceSchema = z
  .union([
    z.strictObject({ name: z.string().min(1).max(64) }),
    z.strictObject({
      command: z.string().min(1).max(limits.pathCharsMax),
      args: z.array(z.string().max(limits.pathCharsMax)).max(limits.commandArgsMax).default([]),
    }),
  ])
  .meta({ id: 'AgentChoice' })
export type AgentChoice = z.infer<typeof agentChoiceSchema>

/** A folder of the person's own, used as it is; or a clone that belongs to the session. */
export const workspaceSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('folder'),
      path: z
        .string()
        .min(1)
        .max(limits.pathCharsMax)
        .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'must be an absolute path' }),
    }),
    z.strictObject({
      type: z.literal('repository'),
      url: z
        .string()
        .min(1)
        .max(limits.urlCharsMax)
        .regex(/^(?!-)/, { error: 'must not begin with "-"' }),
      branch: z
        .string()
        .max(limits.branchCharsMax)
        .regex(/^(?!-)[A-Za-z0-9._\-/]+$/, {
          error: 'may hold A-Z a-z 0-9 . _ - / and not begin with "-"',
        })
        .optional(),
    }),
  ])
  .meta({ id: 'Workspace' })
export type Workspace = z.infer<typeof workspaceSchema>

/** An agent as this machine has it. */
export const foundAgentSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    demo: z.boolean().meta({
      description: 'True for the agent that ships with Belay and only shows what a session is.',
    }),
    found: z.boolean(),
    command: z.string().optional(),
    missing: z
      .array(z.string())
      .meta({ description: 'What it still needs, in words: a key, a login.' }),
  })
  .meta({ id: 'FoundAgent' })
export type FoundAgent = z.infer<typeof foundAgentSchema>
