/** Events: the entries of a session's log, each with its dense number and its time. */
import { z } from 'zod'
import { agentChoiceSchema, setupSchema, workspaceSchema } from './agent.ts'
import { attachmentSchema } from './attachment.ts'
import {
  callbackIdSchema,
  cursorSchema,
  generationSchema,
  permissionIdSchema,
  promptIdSchema,
  sessionIdSchema,
  turnSchema,
} from './ids.ts'
import { endFields, resolutionSchema } from './outcome.ts'
import {
  textReportSchema,
  thoughtReportSchema,
  toolReportSchema,
  planReportSchema,
  saidAfterReportSchema,
  agentUpdateReportSchema,
  permissionAskedReportSchema,
  preparedReportSchema,
  turnTakenReportSchema,
  agentExitedReportSchema,
  finishResultSchema,
  restoredReportSchema,
  restoreFailedReportSchema,
  turnChangesReportSchema,
  type Report,
  warningReportSchema,
} from './report.ts'

const stamp = {
  seq: cursorSchema.min(1).meta({ description: 'Dense number in the session’s log, from 1.' }),
  at: z.int().meta({ description: 'When it was stored, milliseconds since the epoch.' }),
}

const sessionCreated = z.object({
  type: z.literal('session-created'),
  session: sessionIdSchema,
  title: z.string(),
  agent: agentChoiceSchema,
  workspace: workspaceSchema,
})
const promptAccepted = z.object({
  type: z.literal('prompt-accepted'),
  promptId: promptIdSchema,
  text: z.string(),
  attachments: z.array(attachmentSchema).optional(),
  /** Its place in the queue, from 1. Absent: the last. */
  position: z.int().min(1).optional(),
})
const promptEdited = z.object({
  type: z.literal('prompt-edited'),
  promptId: promptIdSchema,
  text: z.string(),
})
const promptMoved = z.object({
  type: z.literal('prompt-moved'),
  promptId: promptIdSchema,
  position: z.int().min(1).meta({ description: 'Its place in the queue now; 1 is next.' }),
})
const promptCancelled = z.object({
  type: z.literal('prompt-cancelled'),
  promptId: promptIdSchema,
  by: z
    .string()
    .optional()
    .meta({ description: 'Why, when it was not a person who took it back.' }),
})
/** The agent and the workspace are there, and the agent took the first prompt if there was one. */
const sessionReady = z.object({ type: z.literal('session-ready') })
const preparationFailed = z.object({
  type: z.literal('preparation-failed'),
  attempt: z.int(),
  step: z.string(),
  code: z.string(),
  message: z.string(),
  stderr: z.array(z.string()).optional(),
})
/** What a person changed for the next try. */
const settingsChanged = z.object({
  type: z.literal('settings-changed'),
  agent: agentChoiceSchema.optional(),
  workspace: workspaceSchema.optional(),
  setup: setupSchema.optional(),
})
const preparationStarted = z.object({
  type: z.literal('preparation-started'),
  attempt: z.int(),
  generation: generationSchema,
})
const turnStarted = z.object({
  type: z.literal('turn-started'),
  turn: turnSchema,
  promptId: promptIdSchema,
  generation: generationSchema,
})
/** The runner has the turn's prompt: it is on its side of the channel, and may be handed to the agent any moment. */
const turnDelivered = z.object({ type: z.literal('turn-delivered'), turn: turnSchema })
const interruptRequested = z.object({ type: z.literal('interrupt-requested'), turn: turnSchema })
const turnEnded = z.object({
  type: z.literal('turn-ended'),
  turn: turnSchema,
  promptId: promptIdSchema,
  ...endFields,
  finish: finishResultSchema.optional(),
  changesFollow: z.literal(true).optional().meta({
    description:
      'What it changed is still being looked at. It follows as `turn-changes`, unless it is nothing; `changesDue` of the session is not this turn any more then.',
  }),
})
/** A person decided what becomes of a turn that was cut off or is in doubt. Said at most once for each turn. */
const turnResolved = z.object({
  type: z.literal('turn-resolved'),
  turn: turnSchema,
  action: resolutionSchema,
  promptId: promptIdSchema,
})
/** A person let the prompts go on that these turns held. What becomes of the turns is still to be decided. */
const queueResumed = z.object({
  type: z.literal('queue-resumed'),
  turns: z.array(turnSchema),
})
/** A turn's end could not be told to the callback of the session, and is not tried any more by itself. */
const callbackFailed = z.object({
  type: z.literal('callback-failed'),
  callbackId: callbackIdSchema,
  turn: turnSchema,
  attempts: z.int(),
  message: z.string(),
})
const permissionSettled = z.object({
  type: z.literal('permission-settled'),
  permissionId: permissionIdSchema,
  /** Absent when it was withdrawn. */
  optionId: z.string().optional(),
  by: z.string().meta({ description: 'Who answered, or why it was withdrawn.' }),
})
const runnerLost = z.object({
  type: z.literal('runner-lost'),
  generation: generationSchema,
  graceUntil: z.int(),
})
const runnerReturned = z.object({
  type: z.literal('runner-returned'),
  generation: generationSchema,
  restart: z.literal(true).optional().meta({
    description: 'Its server was away, and was started again.',
  }),
})
const runnerExited = z.object({
  type: z.literal('runner-exited'),
  generation: generationSchema,
  expected: z.boolean(),
  code: z.int().optional(),
  signal: z.string().optional(),
})
/** Another session works in the same folder: each may change files under the other's hands. */
const folderShared = z.object({
  type: z.literal('folder-shared'),
  session: sessionIdSchema,
  title: z.string(),
})
const sessionDeleted = z.object({ type: z.literal('session-deleted') })

export const eventSchema = z
  .discriminatedUnion('type', [
    sessionCreated.extend(stamp),
    promptAccepted.extend(stamp),
    promptEdited.extend(stamp),
    promptMoved.extend(stamp),
    promptCancelled.extend(stamp),
    settingsChanged.extend(stamp),
    preparationStarted.extend(stamp),
    sessionReady.extend(stamp),
    preparationFailed.extend(stamp),
    turnStarted.extend(stamp),
    turnDelivered.extend(stamp),
    interruptRequested.extend(stamp),
    turnEnded.extend(stamp),
    turnResolved.extend(stamp),
    queueResumed.extend(stamp),
    callbackFailed.extend(stamp),
    permissionSettled.extend(stamp),
    runnerLost.extend(stamp),
    runnerReturned.extend(stamp),
    runnerExited.extend(stamp),
    folderShared.extend(stamp),
    sessionDeleted.extend(stamp),
    textReportSchema.extend(stamp),
    thoughtReportSchema.extend(stamp),
    toolReportSchema.extend(stamp),
    planReportSchema.extend(stamp),
    saidAfterReportSchema.extend(stamp),
    agentUpdateReportSchema.extend(stamp),
    permissionAskedReportSchema.extend(stamp),
    preparedReportSchema.extend(stamp),
    turnTakenReportSchema.extend(stamp),
    agentExitedReportSchema.extend(stamp),
    turnChangesReportSchema.extend(stamp),
    restoredReportSchema.extend(stamp),
    restoreFailedReportSchema.extend(stamp),
    warningReportSchema.extend(stamp),
  ])
  .meta({ id: 'Event', description: 'One entry of a session’s log.' })
export type SessionEvent = z.infer<typeof eventSchema>
export type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>

/**
 * An event a session makes itself, before it has a number. Warnings, that a restore failed, and that it is not known what a
 * turn changed, both may have to say.
 */
export type OwnEvent = Unstamped<
  Exclude<
    SessionEvent,
    { type: Exclude<Report['type'], 'restore-failed' | 'turn-changes' | 'warning'> }
  >
>
type Unstamped<Event> = Event extends SessionEvent ? Omit<Event, 'seq' | 'at'> : never
