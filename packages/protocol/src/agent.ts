/** Which agent, on which workspace: what a person chooses when a session starts. */
import { z } from 'zod'
import { agentProtocolSchema, agentSettings } from './agent-settings.ts'
import { limits } from './limits.ts'

const oneRefRule = 'must not be given together with a branch'

/** A known agent by its name, or any ACP agent by its command line. Never a shell string. */
export const agentChoiceSchema = z
  .union([
    z.strictObject({ name: z.string().min(1).max(64), ...agentSettings }),
    z.strictObject({
      command: z.string().min(1).max(limits.pathCharsMax),
      args: z.array(z.string().max(limits.pathCharsMax)).max(limits.commandArgsMax).default([]),
      protocol: agentProtocolSchema.optional().meta({ description: 'Default: acp, on stdio.' }),
      ...agentSettings,
    }),
  ])
  .meta({ id: 'AgentChoice' })
export type AgentChoice = z.infer<typeof agentChoiceSchema>

const refName = z
  .string()
  .max(limits.branchCharsMax)
  .regex(/^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[A-Za-z0-9._\-/]+(?<![/.])$/, {
    error: 'may hold A-Z a-z 0-9 . _ - /, as Git allows them in a name',
  })

const folderSchema = z.strictObject({
  type: z.literal('folder'),
  path: z
    .string()
    .min(1)
    .max(limits.pathCharsMax)
    .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'must be an absolute path' }),
})
const repositorySchema = z.strictObject({
  type: z.literal('repository'),
  url: z
    .string()
    .min(1)
    .max(limits.urlCharsMax)
    .regex(/^(?!-)/, { error: 'must not begin with "-"' })
    // It is shown and logged, and becomes part of a clone's settings.
    .regex(/^(?!\w+:\/\/[^/@]*:[^/@]*@)/, {
      error: 'must not hold a password: give a token beside it',
    }),
  branch: refName.optional().meta({ description: 'The branch to check out. Default: its own.' }),
  ref: refName.optional().meta({
    description: 'Instead of a branch: a tag, or a full name such as `refs/pull/12/head`.',
  }),
  shallow: z.boolean().optional().meta({ description: 'Only the latest commit.' }),
  workBranch: refName.optional().meta({
    description: 'A branch made from what was checked out, to work on. Absent: stay on that.',
  }),
})

/** A folder of the person's own, used as it is; or a clone that belongs to the session. */
export const workspaceSchema = z
  .discriminatedUnion('type', [folderSchema, repositorySchema])
  .refine(oneRef, { path: ['ref'], error: oneRefRule })
  .meta({ id: 'Workspace' })
export type Workspace = z.infer<typeof workspaceSchema>

/** A workspace as it is asked for. What is secret is in no other schema, so nothing can show it by mistake. */
export const workspaceBodySchema = z
  .discriminatedUnion('type', [
    folderSchema,
    repositorySchema.extend({
      token: z
        .string()
        .min(1)
        .max(limits.tokenCharsMax)
        .regex(/^[\x21-\x7e]+$/, { error: 'must be printable ASCII without spaces' })
        .optional()
        .meta({
          writeOnly: true,
          description: 'Opens the repository over HTTP. Kept sealed and never shown again.',
        }),
    }),
  ])
  .refine(oneRef, { path: ['ref'], error: oneRefRule })
  .meta({ id: 'WorkspaceBody' })
export type WorkspaceBody = z.infer<typeof workspaceBodySchema>

function oneRef(workspace: Record<string, unknown>): boolean {
  return workspace['branch'] === undefined || workspace['ref'] === undefined
}

/** Lines of a person's own shell, run in the workspace before its agent begins, in their order. */
export const setupSchema = z
  .array(z.string().min(1).max(limits.setupCharsMax))
  .max(limits.setupLinesMax)
export type Setup = z.infer<typeof setupSchema>

/** What is done with the changes of a turn that completed. */
export const finishSchema = z
  .strictObject({
    commit: z.literal(true),
    message: z
      .string()
      .min(1)
      .max(limits.commitCharsMax)
      .optional()
      .meta({ description: 'Default: the first line of the prompt.' }),
    push: z.boolean().optional(),
    folder: z
      .literal(true)
      .optional()
      .meta({ description: 'Needed to commit in a folder of your own.' }),
  })
  .meta({ id: 'Finish' })
export type Finish = z.infer<typeof finishSchema>

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
    protocol: agentProtocolSchema.optional(),
    version: z.string().optional().meta({
      description: 'As it said at its last handshake (`belay doctor`), like its capabilities.',
    }),
    capabilities: z.array(z.string()).optional(),
    missing: z
      .array(z.string())
      .meta({ description: 'What it still needs, in words: a key, a login.' }),
    install: z.string().optional().meta({ description: 'How it is had on that machine.' }),
    signIn: z.string().optional().meta({ description: 'How one signs in there, in a terminal.' }),
  })
  .meta({ id: 'FoundAgent' })
export type FoundAgent = z.infer<typeof foundAgentSchema>
