/** Which agent, on which workspace: what a person chooses when a session starts. */
import { z } from 'zod'
import { agentProtocolSchema, agentSettings } from './agent-settings.ts'
import { addressFault, looksLikeToken } from './git-address.ts'
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

export const folderPathSchema = z
  .string()
  .min(1)
  .max(limits.pathCharsMax)
  .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'must be an absolute path' })

const folderSchema = z.strictObject({
  type: z.literal('folder'),
  path: folderPathSchema,
  worktree: z
    .union([z.literal(true), z.strictObject({ branch: refName.optional() })])
    .optional()
    .meta({
      description:
        'Work in a Git worktree of its own, from the commit the folder is on, on this branch. Absent: in the folder itself. `true`, or no branch: one named after the session.',
    }),
})
const repositorySchema = z.strictObject({
  type: z.literal('repository'),
  // Only bounded: what was stored by an earlier version must still be read. What is let in, the body's says.
  url: z.string().min(1).max(limits.urlCharsMax),
  branch: refName.optional().meta({ description: 'The branch to check out. Default: its own.' }),
  ref: refName.optional().meta({
    description: 'Instead of a branch: a tag, or a full name such as `refs/pull/12/head`.',
  }),
  shallow: z.boolean().optional().meta({ description: 'Only the latest commit.' }),
  workBranch: refName.optional().meta({
    description: 'A branch made from what was checked out, to work on. Absent: stay on that.',
  }),
  user: z
    .string()
    .min(1)
    .max(limits.gitUserCharsMax)
    // A colon would end it on its way; it is shown, so no secret may be in it.
    .regex(/^[\x21-\x39\x3b-\x7e]+$/, {
      error: 'must be printable ASCII without spaces and colons',
    })
    .refine((user) => !looksLikeToken(user), {
      error: 'must not be a token: it is shown. Give that as "token", and here its user name',
    })
    .optional()
    .meta({
      description: 'Who the token is of, where the host asks. Not secret. Default: x-access-token.',
    }),
})

const givenAddress = z
  .string()
  .min(1)
  .max(limits.urlCharsMax)
  .check((context) => {
    const message = addressFault(context.value)
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: '' })
  })
  .meta({
    description:
      'An address of http, https, ssh, git or file, `user@host:path`, or an absolute path. It is shown: no password, query or fragment may be in it, nor a user name over HTTP.',
  })

/** A folder of the person's own, used as it is or by a worktree of the session's own; or a clone that belongs to it. */
export const workspaceSchema = z
  .discriminatedUnion('type', [folderSchema, repositorySchema])
  .refine(oneRef, { path: ['ref'], error: oneRefRule })
  .meta({ id: 'Workspace' })
export type Workspace = z.infer<typeof workspaceSchema>

/** Whether the folder the agent works in is the session's own: then it may be made again, and goes with the session. */
export function isOwned(workspace: Workspace): boolean {
  return workspace.type === 'repository' || workspace.worktree !== undefined
}

/** A workspace as it is asked for. What is secret is in no other schema, so nothing can show it by mistake. */
export const workspaceBodySchema = z
  .discriminatedUnion('type', [
    folderSchema,
    repositorySchema.extend({
      url: givenAddress,
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
      .meta({ description: 'Needed to commit in a folder of your own; not in a worktree of it.' }),
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
