/** Commands: what a session tells its runner, numbered on the channel. */
import { z } from 'zod'
import { agentChoiceSchema, finishSchema, setupSchema, workspaceSchema } from './agent.ts'
import { chosenSchema } from './agent-offer.ts'
import { attachmentSchema } from './attachment.ts'
import { permissionIdSchema, promptIdSchema, turnSchema } from './ids.ts'
import { restoreToSchema, takeSchema } from './report.ts'

/** Prepare the workspace and the agent. The first command of every generation. */
const prepareCommandSchema = z.object({
  type: z.literal('prepare'),
  workspace: workspaceSchema,
  agent: agentChoiceSchema,
  setup: setupSchema.optional(),
  finish: finishSchema.optional(),
  /** For the repository, sealed. It never leaves the server: `token` is sent in its place. */
  sealedToken: z.string().optional(),
  token: z.string().optional(),
  /** The agent's own conversation to restore, when there was one. */
  agentSession: z.string().optional(),
  /** A way to sign in, to be gone before the agent opens its conversation. */
  signIn: z.string().optional(),
  /** To be chosen as soon as the agent is there. */
  chosen: chosenSchema.optional(),
  cancelMs: z.int().min(1),
})
/** What it holds is put in on the way to the runner; until then that is in the session's rows alone. */
const promptAttachmentSchema = attachmentSchema.extend({ data: z.string().optional() })
export type PromptAttachment = z.infer<typeof promptAttachmentSchema>
const promptCommandSchema = z.object({
  type: z.literal('prompt'),
  turn: turnSchema,
  promptId: promptIdSchema,
  text: z.string(),
  attachments: z.array(promptAttachmentSchema).optional(),
})
const interruptCommandSchema = z.object({ type: z.literal('interrupt'), turn: turnSchema })
/** `optionId` absent: the permission was withdrawn, tell the agent `cancelled`. */
const answerCommandSchema = z.object({
  type: z.literal('answer'),
  permissionId: permissionIdSchema,
  optionId: z.string().optional(),
})
/** Put the workspace back to a checkpoint, while no turn runs. */
const restoreCommandSchema = z.object({
  type: z.literal('restore'),
  turn: turnSchema,
  to: restoreToSchema,
  take: takeSchema.optional(),
})
/** Say what that would do. The answer is `restore-planned`, or `restore-failed`. */
const planRestoreCommandSchema = z.object({
  type: z.literal('plan-restore'),
  turn: turnSchema,
  to: restoreToSchema,
})
/** Choose another mode or model. The agent's answer is an `agent-offer`, or a warning. */
const chooseCommandSchema = chosenSchema.extend({ type: z.literal('choose') })
/** A person's Retry: end the agent's process, whatever it does, and start another. */
const restartAgentCommandSchema = z.object({ type: z.literal('restart-agent') })
/** End the agent and the runner. */
const closeCommandSchema = z.object({ type: z.literal('close'), reason: z.string() })

export const commandSchema = z.discriminatedUnion('type', [
  prepareCommandSchema,
  promptCommandSchema,
  interruptCommandSchema,
  answerCommandSchema,
  restoreCommandSchema,
  planRestoreCommandSchema,
  chooseCommandSchema,
  restartAgentCommandSchema,
  closeCommandSchema,
])
export type Command = z.infer<typeof commandSchema>
