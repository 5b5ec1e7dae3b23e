/**
 * Reports: what a runner tells its session, numbered on the channel.
 *
 * Most become events of the session's log with the bytes they came in (`event.ts` lists which); the others are
 * facts that the session turns into events of its own. Content follows ACP's vocabulary; what is unknown is carried through.
 */
import { z } from 'zod'
import { agentFences, agentLinkSchema, signInChoicesSchema } from './agent-link.ts'
import { agentOfferSchema } from './agent-offer.ts'
import { generationSchema, permissionIdSchema, turnSchema } from './ids.ts'
import { limits } from './limits.ts'

const turn = turnSchema

export const textReportSchema = z.object({
  type: z.literal('text'),
  turn,
  text: z.string(),
  messageId: z.string().optional(),
})
export const thoughtReportSchema = z.object({ type: z.literal('thought'), turn, text: z.string() })

/** A tool call, whole or in part: the latest value of each field counts (ACP `tool_call` and `tool_call_update`). */
export const toolReportSchema = z.object({
  type: z.literal('tool'),
  turn,
  toolCallId: z.string().min(1).max(200),
  title: z.string().optional(),
  kind: z.string().optional(),
  status: z.enum(['pending', 'in_progress', 'completed', 'failed']).optional(),
  content: z.array(z.looseObject({ type: z.string() })).optional(),
  locations: z.array(z.looseObject({ path: z.string() })).optional(),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
})
export const planReportSchema = z.object({
  type: z.literal('plan'),
  turn,
  entries: z.array(
    z.looseObject({
      content: z.string(),
      status: z.string().optional(),
      priority: z.string().optional(),
    }),
  ),
})
/**
 * What an agent said or did while no turn ran: later than the moments after a turn that still belong to it, or before the
 * first. It is of no turn.
 */
export const saidAfterReportSchema = z.object({
  type: z.literal('said-after'),
  kind: z.enum(['text', 'thought', 'tool', 'plan']),
  after: turn.optional().meta({ description: 'The turn it came after, where there was one.' }),
  text: z.string().meta({
    description: 'Its words; of a tool its title and status, of a plan its entries, a line each.',
  }),
  update: z
    .looseObject({ sessionUpdate: z.string() })
    .optional()
    .meta({ description: 'Whole, as the agent told it; absent for words.' }),
})
/** Any other ACP update: usage, modes, commands, and what is not known yet. */
export const agentUpdateReportSchema = z.object({
  type: z.literal('agent-update'),
  turn: turn.optional(),
  update: z.looseObject({ sessionUpdate: z.string() }),
})

export const permissionOptionSchema = z.object({
  optionId: z.string().min(1).max(200),
  name: z.string().max(limits.choiceNameCharsMax),
  kind: z.string().max(limits.choiceNameCharsMax).meta({
    description: 'allow_once, allow_always, reject_once, reject_always, or the agent’s own',
  }),
})
export type PermissionOption = z.infer<typeof permissionOptionSchema>

export const permissionAskedReportSchema = z.object({
  type: z.literal('permission-asked'),
  turn,
  permissionId: permissionIdSchema,
  title: z.string().max(limits.permissionTitleCharsMax),
  toolCallId: z.string().max(200).optional(),
  options: z.array(permissionOptionSchema).max(50),
  /** What the tool would do, as the agent described it. */
  content: z.array(z.looseObject({ type: z.string() })).optional(),
  rawInput: z.unknown().optional(),
})
/** The agent no longer waits for the answer. */
export const permissionGoneReportSchema = z.object({
  type: z.literal('permission-gone'),
  permissionId: permissionIdSchema,
})

/** Steps of a preparation, in their order. The last is the session's own: the runner reports the others. */
export const steps = [
  'disk',
  'workspace',
  'clone',
  'worktree',
  'branch',
  'setup',
  'agent-start',
  'agent-session',
  'first-prompt',
] as const
export const stepSchema = z.enum(steps)
export type PreparationStep = z.infer<typeof stepSchema>

/** How far preparing has come. A setup command is a step of its own, `index` of `count`. Signals, never logged. */
export const stepReportSchema = z.object({
  type: z.literal('step'),
  step: stepSchema,
  status: z.enum(['started', 'progress', 'done', 'failed']),
  index: z.int().min(1).max(limits.setupLinesMax).optional(),
  count: z.int().min(1).max(limits.setupLinesMax).optional(),
  /** What is done: the line of a setup command. */
  label: z.string().max(limits.setupCharsMax).optional(),
  detail: z.string().max(2000).optional(),
  /** The last of its output, plain text. */
  tail: z.string().max(limits.tailBytesMax).optional(),
  exitCode: z.int().optional(),
})

/** The workspace is there and the agent has a session in it. */
export const preparedReportSchema = z.object({
  type: z.literal('agent-ready'),
  agent: z.object({
    name: z.string().max(limits.titleCharsMax),
    title: z.string().max(limits.titleCharsMax),
    version: z.string().max(limits.titleCharsMax).optional(),
    demo: z.boolean(),
  }),
  /** The agent's own id of the conversation. */
  agentSession: z.string().max(limits.agentSessionCharsMax),
  /** How the conversation came to be there: `lost` means an older one could not be restored. */
  restored: z.enum(['new', 'resumed', 'loaded', 'lost']),
  folder: z.string().max(limits.pathCharsMax),
  branch: z.string().max(limits.branchCharsMax).optional(),
  /**
   * How the workspace came to be there: `kept` as it was left, `cloned` or `made` (a worktree) anew, or `restored`: it was
   * gone, and is there again with what the last checkpoint of the session held.
   */
  workspace: z.enum(['kept', 'cloned', 'made', 'restored']).optional(),
  /** What else a person should know of it, in sentences. */
  notes: z.array(z.string().max(2000)).max(limits.notesMax).optional(),
  /** What ends every process of the agent with it. */
  fence: z.enum(agentFences),
})
export const prepareFailedReportSchema = z.object({
  type: z.literal('prepare-failed'),
  step: stepSchema,
  code: z.enum([
    'disk-full',
    'workspace-failed',
    'clone-failed',
    'branch-failed',
    'worktree-failed',
    'setup-failed',
    'agent-not-found',
    'agent-start-failed',
    'sign-in-needed',
  ]),
  message: z.string().max(2000),
  stderr: z.array(z.string().max(limits.stderrLineCharsMax)).max(limits.stderrLinesMax).optional(),
  signIn: signInChoicesSchema.optional(),
})
/** Written to the runner's disk before the prompt goes to the agent: without it, the agent never saw the prompt. */
export const turnTakenReportSchema = z.object({ type: z.literal('turn-taken'), turn })

/** What became of committing and pushing a turn's changes. It never fails the turn. */
export const finishResultSchema = z.object({
  commit: z.string().max(64).optional(),
  branch: z.string().max(limits.branchCharsMax).optional(),
  pushed: z.boolean().optional(),
  warning: z.string().max(2000).optional(),
})
export type FinishResult = z.infer<typeof finishResultSchema>

export const turnFinishedReportSchema = z.object({
  type: z.literal('turn-finished'),
  turn,
  /** ACP stop reason, when the agent ended the turn. */
  stopReason: z
    .enum(['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'])
    .optional(),
  error: z
    .object({
      code: z.enum([
        'agent-error',
        'no-words',
        'agent-exited',
        'agent-start-failed',
        'sign-in-needed',
        'interrupt-forced',
      ]),
      message: z.string().max(4000),
    })
    .optional(),
  finish: finishResultSchema.optional(),
})

/** A name as people read it. One that is no UTF-8 has its odd bytes as `\\xHH`, and all of it in `bytes`, as hexadecimal digits. */
const fileName = {
  path: z.string(),
  bytes: z
    .hex()
    .max(2 * limits.pathCharsMax)
    .optional(),
}

export const changedFileSchema = z.object({
  ...fileName,
  status: z.enum(['added', 'changed', 'removed']),
  /** Lines; absent for what is no text. */
  added: z.int().optional(),
  removed: z.int().optional(),
})
export type ChangedFile = z.infer<typeof changedFileSchema>

/** A sentence about what was looked at: what was left out, and why. */
const noteSchema = z.string().max(500)

/**
 * What a turn changed in its workspace, between the checkpoints before and after it. Reported of every turn that was
 * taken: after its end, or before it where the end waits for a commit. One without files, notes and problem says that it
 * changed nothing, and is no event.
 */
export const turnChangesReportSchema = z.object({
  type: z.literal('turn-changes'),
  turn,
  files: z.array(changedFileSchema),
  /** Files that `files` has no room for. */
  more: z.int().min(1).optional(),
  patch: z.string().meta({
    description:
      'Unified: one part for each of `files`, in their order, each cut with a marker where it is too long.',
  }),
  notes: z.array(noteSchema).max(limits.notesMax).optional(),
  problem: z
    .string()
    .max(2000)
    .optional()
    .meta({ description: 'Why it is not known what the turn changed. Then there are no files.' }),
})
/** How it is told that nobody knows what a turn changed, which is never told as that it changed nothing. */
export function unknownChanges(turnNumber: number, why: string) {
  const problem = `What turn ${turnNumber} changed is not known: ${why}`.slice(0, 2000)
  return { type: 'turn-changes' as const, turn: turnNumber, files: [], patch: '', problem }
}

/** What a workspace is put back to: before or after a turn, or to what it held before it was put back the last time. */
export const restoreToSchema = z.enum(['before', 'after', 'undo'])
export type RestoreTo = z.infer<typeof restoreToSchema>
/** A file that a restore puts back. */
export const backFileSchema = z.object({
  ...fileName,
  does: z
    .enum(['create', 'change', 'remove'])
    .meta({ description: 'What the restore does to it.' }),
})
/** A file that the turns changed and a restore leaves as it is. */
export const stayFileSchema = z.object({
  ...fileName,
  why: z.enum(['changed-since', 'shared', 'ignored', 'unreadable', 'in-the-way', 'not-kept']),
  message: z.string().max(500).meta({ description: 'Why it stays, in a sentence.' }),
  canTake: z.boolean().meta({ description: 'Whether a person may choose to put it back too.' }),
})
export type BackFile = z.infer<typeof backFileSchema>
export type StayFile = z.infer<typeof stayFileSchema>

/** What a restore would do, as far as it fits. */
const restorePlan = {
  turn,
  to: restoreToSchema,
  back: z.array(backFileSchema),
  moreBack: z.int().min(1).optional(),
  stay: z.array(stayFileSchema),
  moreStay: z.int().min(1).optional(),
  notes: z.array(noteSchema).max(limits.notesMax).optional(),
}
export const restorePlanSchema = z.object(restorePlan).meta({ id: 'RestorePlan' })
export type RestorePlan = z.infer<typeof restorePlanSchema>
/** Nothing was done yet. The present state, never logged. */
export const restorePlannedReportSchema = z.object({
  type: z.literal('restore-planned'),
  ...restorePlan,
})
/** Paths of files that stay, which a person chose to put back all the same; or all of them. */
export const takeSchema = z.union([
  z.literal('all'),
  z.array(z.string().min(1).max(limits.pathCharsMax)).max(limits.restoreTakenMax),
])
export type Take = z.infer<typeof takeSchema>

/** What the turns named did is taken back, but for files that stay. */
export const restoredReportSchema = z.object({
  type: z.literal('restored'),
  turn,
  to: restoreToSchema,
  files: z.int().min(0).meta({ description: 'Files that were put back or removed.' }),
  stayed: z.int().min(1).optional().meta({ description: 'Files that were left as they are.' }),
  notes: z.array(noteSchema).max(limits.notesMax).optional(),
})
export const restoreFailedReportSchema = z.object({
  type: z.literal('restore-failed'),
  turn,
  to: restoreToSchema,
  message: z.string().max(2000),
})
/** Something a person should know that fails nothing. */
export const warningReportSchema = z.object({
  type: z.literal('warning'),
  code: z.enum([
    'checkpoint-skipped',
    'choice-refused',
    'disk-full',
    'effect-refused',
    'ask-unreadable',
    'asked-outside',
  ]),
  message: z.string().max(2000),
})
export const agentExitedReportSchema = z.object({
  type: z.literal('agent-exited'),
  /** Which of the runner's agent processes, from 1. */
  agentGeneration: generationSchema,
  code: z.int().optional(),
  signal: z.string().max(100).optional(),
  /** True when the runner ended it. */
  expected: z.boolean(),
  stderr: z.array(z.string().max(limits.stderrLineCharsMax)).max(limits.stderrLinesMax),
})
/** How it stands with the agent's connection. The present state, never logged. */
export const agentLinkReportSchema = z.object({
  type: z.literal('agent-link'),
  link: agentLinkSchema,
})
/** What the agent offers, as far as it changed. The present state, never logged. */
export const agentOfferReportSchema = agentOfferSchema.extend({ type: z.literal('agent-offer') })
export const closingReportSchema = z.object({
  type: z.literal('closing'),
  reason: z.string().max(500),
})

export const reportSchema = z.discriminatedUnion('type', [
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
  agentLinkReportSchema,
  agentOfferReportSchema,
  turnChangesReportSchema,
  restorePlannedReportSchema,
  restoredReportSchema,
  restoreFailedReportSchema,
  warningReportSchema,
  permissionGoneReportSchema,
  stepReportSchema,
  prepareFailedReportSchema,
  turnFinishedReportSchema,
  closingReportSchema,
])
export type Report = z.infer<typeof reportSchema>
export type ReportOf<Type extends Report['type']> = Extract<Report, { type: Type }>
