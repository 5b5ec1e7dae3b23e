/** What a session and a prompt are made from, as a caller sends it. */
import { z } from 'zod'
import {
  agentChoiceSchema,
  finishSchema,
  isOwned,
  setupSchema,
  workspaceBodySchema,
} from './agent.ts'
import { attachmentsBodySchema } from './attachment.ts'
import { callbackTargetSchema } from './callback.ts'
import { promptIdSchema, sessionIdSchema } from './ids.ts'
import { limits } from './limits.ts'
import { utf8Bytes } from './utf8-bytes.ts'

export const promptText = z
  .string()
  .min(1, { error: 'must not be empty' })
  .refine((text) => utf8Bytes(text) <= limits.promptBytesMax, {
    error: `must be at most ${limits.promptBytesMax} bytes of UTF-8`,
  })

export const promptBody = z
  .strictObject({
    promptId: promptIdSchema,
    text: promptText,
    attachments: attachmentsBodySchema.optional().meta({
      description: 'Pictures and text files for the agent, 512 KiB together.',
    }),
  })
  .meta({ id: 'PromptBody' })

export const createBody = z
  .strictObject({
    id: sessionIdSchema.optional().meta({
      description: 'Chosen by the caller to make a repeated request return the first answer.',
    }),
    agent: agentChoiceSchema,
    workspace: workspaceBodySchema,
    setup: setupSchema.optional().meta({
      description:
        'Lines of shell, run in the workspace before the agent begins; the first to fail ends it.',
    }),
    finish: finishSchema.optional(),
    goOn: z.literal(true).optional().meta({
      description:
        'Prompts that wait run also after a turn that failed or is in doubt. Absent: they are held until somebody has decided about it.',
    }),
    title: z.string().max(limits.titleCharsMax).optional(),
    prompt: promptBody.optional(),
    callback: callbackTargetSchema
      .optional()
      .meta({ description: 'Told of the end of every turn. The secret is never shown again.' }),
  })
  .refine(
    ({ workspace, finish }) => finish === undefined || isOwned(workspace) || finish.folder === true,
    {
      path: ['finish'],
      error: 'must say `folder: true` to commit in a folder of your own',
    },
  )
  .meta({ id: 'CreateBody' })
export type CreateBody = z.infer<typeof createBody>
