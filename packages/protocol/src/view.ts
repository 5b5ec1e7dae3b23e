/** What a session looks like from outside, at one moment. Sent whole whenever it changes; never a cursor. */
import { z } from 'zod'
import { agentLinkSchema, signInChoicesSchema } from './agent-link.ts'
import { agentOfferSchema } from './agent-offer.ts'
import { agentChoiceSchema, finishSchema, setupSchema, workspaceSchema } from './agent.ts'
import {
  cursorSchema,
  generationSchema,
  permissionIdSchema,
  promptIdSchema,
  sessionIdSchema,
  turnSchema,
} from './ids.ts'
import { endingCodeSchema, outcomeSchema, reachedSchema, resolutionSchema } from './outcome.ts'
import {
  permissionOptionSchema,
  restorePlanSchema,
  restoreToSchema,
  stepReportSchema,
} from './report.ts'

/** One word for what is going on; `why` says it in a sentence. */
export const statuses = [
  'preparing',
  'attention',
  'idle',
  'undecided',
  'starting',
  'working',
  'waiting-person',
  'waiting-tool',
  'stopping',
  'recovering',
  'deleted',
] as const

const undecidedSchema = z
  .object({
    count: z.int().min(1),
    turns: z
      .array(
        z.object({
          turn: turnSchema,
          outcome: outcomeSchema,
          code: endingCodeSchema,
          sentence: z
            .string()
            .optional()
            .meta({ description: 'Why it ended. Absent: as the table says of its code.' }),
          endedAt: z.int(),
          actions: z.array(resolutionSchema).meta({ description: 'What may be decided.' }),
          holds: z
            .literal(true)
            .optional()
            .meta({ description: 'Prompts wait until it is decided about.' }),
        }),
      )
      .meta({ description: 'The latest of them, the oldest first.' }),
  })
  .meta({
    id: 'Undecided',
    description: 'Turns that failed or are in doubt, and of which nobody has said what becomes.',
  })

export const summarySchema = z
  .object({
    id: sessionIdSchema,
    title: z.string(),
    status: z.enum(statuses),
    why: z.string().meta({ description: 'One sentence: what is going on and what it waits for.' }),
    agent: z.object({ name: z.string(), demo: z.boolean() }),
    workspace: workspaceSchema,
    sharedWith: z
      .array(z.object({ id: sessionIdSchema, title: z.string() }))
      .optional()
      .meta({ description: 'Other sessions that work in the same folder.' }),
    createdAt: z.int(),
    queued: z.int(),
    held: z.int().optional().meta({
      description: 'How many of the first prompts that wait do so until a person has decided.',
    }),
    undecided: undecidedSchema.optional(),
    lastTurn: z
      .object({
        turn: turnSchema,
        outcome: outcomeSchema,
        code: endingCodeSchema,
        endedAt: z.int(),
        reached: reachedSchema,
        actions: z
          .array(resolutionSchema)
          .optional()
          .meta({ description: 'What a person may decide about it, as long as nobody has.' }),
        resolved: resolutionSchema.optional(),
      })
      .optional(),
  })
  .meta({ id: 'SessionSummary' })
export type SessionSummary = z.infer<typeof summarySchema>

export const stepStateSchema = stepReportSchema
  .omit({ type: true, status: true })
  .extend({
    status: z.enum(['started', 'done', 'failed']),
    since: z.int(),
    /** How long it took, once it is over. */
    ms: z.int().optional(),
  })
  .meta({ id: 'Step' })
export type StepState = z.infer<typeof stepStateSchema>

/** Characters of a queued prompt that the view carries; the log has the whole. */
export const queuedTextCharsMax = 2000

export const viewSchema = summarySchema
  .extend({
    ...agentOfferSchema.shape,
    agentChoice: agentChoiceSchema,
    attempt: z.int().meta({ description: 'Preparation attempts so far.' }),
    setup: setupSchema.optional(),
    finish: finishSchema.optional(),
    goOn: z.literal(true).optional(),
    steps: z.array(stepStateSchema).default([]).meta({
      description:
        'The steps of the present preparation, or of the one that failed, in the order they began.',
    }),
    problem: z
      .object({
        code: z.string(),
        message: z.string(),
        stderr: z.array(z.string()).optional(),
        signIn: signInChoicesSchema.optional().meta({
          description: 'Ways to sign in that a retry may name, where the agent waits for that.',
        }),
      })
      .optional()
      .meta({ description: 'Why the session needs attention.' }),
    turn: z
      .object({
        turn: turnSchema,
        promptId: promptIdSchema,
        phase: z.enum(['starting', 'running', 'stopping']),
        startedAt: z.int(),
        openTools: z.array(z.string()),
      })
      .optional(),
    queue: z.array(
      z.object({
        promptId: promptIdSchema,
        text: z.string(),
        textBytes: z.int(),
        at: z.int(),
        held: z
          .literal(true)
          .optional()
          .meta({ description: 'It waits until a person has decided about a turn.' }),
      }),
    ),
    permissions: z.array(
      z.object({
        permissionId: permissionIdSchema,
        turn: turnSchema,
        title: z.string(),
        toolCallId: z.string().optional(),
        options: z.array(permissionOptionSchema),
        askedAt: z.int(),
      }),
    ),
    changesDue: turnSchema
      .optional()
      .meta({ description: 'The turn of which it is still being looked at what it changed.' }),
    restore: z
      .object({ turn: turnSchema, to: restoreToSchema, since: z.int() })
      .optional()
      .meta({ description: 'The workspace is being put back to this checkpoint.' }),
    restorePlan: restorePlanSchema.optional().meta({
      description:
        'What a restore would do, as it was looked at last; until a turn begins or files are put back.',
    }),
    agentLink: agentLinkSchema
      .optional()
      .meta({ description: 'The connection to the agent, while there is a runner.' }),
    runner: z.object({
      state: z.enum(['none', 'starting', 'linked', 'lost']),
      generation: generationSchema.or(z.literal(0)),
      graceUntil: z.int().optional(),
    }),
  })
  .meta({ id: 'Session' })
export type SessionView = z.infer<typeof viewSchema>

/** The view with where its log stands. */
export const sessionSchema = viewSchema.extend({ seq: cursorSchema }).meta({ id: 'SessionAt' })
