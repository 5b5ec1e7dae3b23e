/**
 * The HTTP API in one table. The server validates with it, the client is typed by it, and the OpenAPI document
 * is made from it; so the three cannot differ.
 */
import { z } from 'zod'
import {
  agentChoiceSchema,
  folderPathSchema,
  foundAgentSchema,
  setupSchema,
  workspaceBodySchema,
} from './agent.ts'
import { attachmentDataSchema, attachmentIdSchema } from './attachment.ts'
import { callbackSchema } from './callback.ts'
import { eventSchema } from './event.ts'
import {
  callbackIdSchema,
  cursorSchema,
  permissionIdSchema,
  promptIdSchema,
  sessionIdSchema,
  turnSchema,
} from './ids.ts'
import { limits } from './limits.ts'
import { resolutionSchema } from './outcome.ts'
import {
  restorePlanSchema,
  restoreToSchema,
  takeSchema,
  turnChangesReportSchema,
} from './report.ts'
import { createBody, promptBody, promptText } from './create-body.ts'
import { sessionSchema, summarySchema } from './view.ts'
import { whySchema } from './why.ts'
import type { Route } from './route.ts'

const placeSchema = z
  .object({
    exists: z.boolean().meta({ description: 'A folder is there.' }),
    git: z
      .object({ top: z.string(), branch: z.string().optional() })
      .optional()
      .meta({ description: 'The repository it belongs to, if a worktree can be made of that.' }),
    sessions: z
      .array(summarySchema.pick({ id: true, title: true, status: true }))
      .meta({ description: 'Sessions that work in this very folder, the newest first.' }),
    refusal: z.string().optional().meta({ description: 'Why no session may work in it.' }),
  })
  .meta({ id: 'Place' })
export type Place = z.infer<typeof placeSchema>

const promptState = z
  .object({
    session: sessionIdSchema,
    promptId: promptIdSchema,
    state: z.enum(['queued', 'started', 'ended', 'cancelled']),
    /** Set from `started` on. */
    turn: turnSchema.optional(),
    /** Set when `ended`: how its turn ended, an ending code. */
    ending: z.string().optional(),
  })
  .meta({ id: 'PromptState' })
export type PromptState = z.infer<typeof promptState>

const session = z.object({ id: sessionIdSchema })
const prompt = session.extend({ promptId: promptIdSchema })
/** From 1, which is next; beyond the end is the last. */
const position = z.int().min(1)
const permission = session.extend({ permissionId: permissionIdSchema })
const ok = z.object({ ok: z.literal(true) }).meta({ id: 'Ok' })
/** A worktree that stays though its session is deleted. */
const leftSchema = z
  .object({
    path: z.string(),
    branch: z.string().optional(),
    why: z.string().meta({ description: 'What is in it that is nowhere else, and how it goes.' }),
  })
  .meta({ id: 'Left' })
const after = z.coerce
  .number()
  .int()
  .min(0)
  .default(0)
  .meta({ description: 'Send events after this one.' })

export const routes = {
  createSession: {
    method: 'post',
    path: '/v1/sessions',
    summary: 'Start a session. Answers at once; the session prepares itself in the open.',
    body: createBody,
    status: 201,
    response: z.object({ session: sessionSchema, promptId: promptIdSchema.optional() }),
  },
  listSessions: {
    method: 'get',
    path: '/v1/sessions',
    summary: 'Sessions, the newest first.',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.pageSessionsMax).default(50),
      before: sessionIdSchema
        .optional()
        .meta({ description: 'The last session of the page before.' }),
    }),
    status: 200,
    response: z.object({ sessions: z.array(summarySchema), next: sessionIdSchema.optional() }),
  },
  getSession: {
    method: 'get',
    path: '/v1/sessions/{id}',
    summary: 'One session.',
    params: session,
    status: 200,
    response: sessionSchema,
  },
  deleteSession: {
    method: 'delete',
    path: '/v1/sessions/{id}',
    summary:
      'Delete a session for good: its agent, its log, and its clone. A folder of your own is never touched, and a worktree is removed only when nothing in it would be lost: else `left` says what stays.',
    params: session,
    query: z.object({
      discard: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: '`true`: its worktree is removed with all that is in it.' }),
    }),
    status: 200,
    response: ok.extend({ left: leftSchema.optional() }).meta({ id: 'Deleted' }),
  },
  retry: {
    method: 'post',
    path: '/v1/sessions/{id}/retry',
    summary: 'Try a failed preparation again, with other settings if some are given.',
    params: session,
    body: z
      .strictObject({
        agent: agentChoiceSchema.optional(),
        workspace: workspaceBodySchema.optional(),
        setup: setupSchema.optional(),
        signIn: z.string().min(1).max(limits.signInNameCharsMax).optional().meta({
          description:
            'One of the ways that the problem names: the agent is asked to sign in by it, which may open a browser on the machine of the server.',
        }),
      })
      .meta({ id: 'RetryBody' })
      .prefault({}),
    status: 202,
    response: sessionSchema,
  },
  prompt: {
    method: 'post',
    path: '/v1/sessions/{id}/prompts',
    summary:
      'Send a prompt. Once this is answered the prompt is on disk. The same id and text again return the first answer.',
    params: session,
    body: promptBody
      .extend({
        steer: z.literal(true).optional().meta({
          description: 'Stop the running turn and run this prompt next, before all others.',
        }),
      })
      .meta({ id: 'SubmitBody' }),
    status: 202,
    response: promptState,
  },
  attachment: {
    method: 'get',
    path: '/v1/sessions/{id}/attachments/{attachmentId}',
    summary: 'An attachment of a prompt, with what it holds.',
    params: session.extend({ attachmentId: attachmentIdSchema }),
    status: 200,
    response: attachmentDataSchema,
  },
  getPrompt: {
    method: 'get',
    path: '/v1/sessions/{id}/prompts/{promptId}',
    summary: 'What became of a prompt.',
    params: prompt,
    status: 200,
    response: promptState,
  },
  editPrompt: {
    method: 'patch',
    path: '/v1/sessions/{id}/prompts/{promptId}',
    summary: 'Change the text or the place of a prompt that still waits in the queue.',
    params: prompt,
    body: z
      .strictObject({ text: promptText.optional(), position: position.optional() })
      .refine(({ text, position: place }) => text !== undefined || place !== undefined, {
        error: 'must have a text or a position',
      })
      .meta({ id: 'EditBody' }),
    status: 200,
    response: promptState,
  },
  cancelPrompt: {
    method: 'delete',
    path: '/v1/sessions/{id}/prompts/{promptId}',
    summary: 'Take back a prompt that still waits in the queue.',
    params: prompt,
    status: 200,
    response: promptState,
  },
  interrupt: {
    method: 'post',
    path: '/v1/sessions/{id}/interrupt',
    summary: 'Stop the running turn; with `turn`, only that one. Answered at once.',
    params: session,
    body: z.strictObject({ turn: turnSchema.optional() }).meta({ id: 'InterruptBody' }),
    status: 202,
    response: z.object({
      turn: turnSchema
        .optional()
        .meta({ description: 'The turn that is being stopped, if one ran.' }),
    }),
  },
  resolveTurn: {
    method: 'post',
    path: '/v1/sessions/{id}/turns/{turn}/resolve',
    summary:
      'Decide what becomes of a turn that was cut off or is in doubt, once: go on from there, send its prompt again, or leave it.',
    params: session.extend({ turn: z.coerce.number().int().min(1) }),
    body: z
      .strictObject({
        action: resolutionSchema,
        promptId: promptIdSchema.meta({
          description: 'The id of the new prompt, and what makes a repeated request the same one.',
        }),
      })
      .meta({ id: 'ResolveBody' }),
    status: 202,
    response: z.object({ action: resolutionSchema, promptId: promptIdSchema }),
  },
  resumeQueue: {
    method: 'post',
    path: '/v1/sessions/{id}/queue/resume',
    summary:
      'Let the prompts run that are held by turns that failed or are in doubt, up to this one. The turns stay to be decided about.',
    params: session,
    body: z
      .strictObject({
        turn: turnSchema.meta({
          description: 'The latest turn that holds them: one that failed since holds them on.',
        }),
      })
      .meta({ id: 'ResumeBody' }),
    status: 202,
    response: sessionSchema,
  },
  turnChanges: {
    method: 'get',
    path: '/v1/sessions/{id}/turns/{turn}/changes',
    summary: 'What a turn changed in its workspace.',
    params: session.extend({ turn: z.coerce.number().int().min(1) }),
    status: 200,
    response: turnChangesReportSchema.omit({ type: true }),
  },
  restore: {
    method: 'post',
    path: '/v1/sessions/{id}/restore',
    summary:
      'Take back what turns did, to how it was before or after a turn; or, with `undo`, what was put back the last time. What the workspace holds now is kept first. The outcome is an event: `restored` or `restore-failed`.',
    params: session,
    body: z
      .strictObject({
        turn: turnSchema,
        to: restoreToSchema,
        take: takeSchema.optional().meta({
          description: 'Files that the plan says stay, to be put back all the same.',
        }),
      })
      .meta({ id: 'RestoreBody' }),
    status: 202,
    response: z.object({ turn: turnSchema, to: restoreToSchema }),
  },
  planRestore: {
    method: 'post',
    path: '/v1/sessions/{id}/restore/plan',
    summary:
      'What a restore would do: the files that go back, and those that stay with the reason. Nothing is changed. Answered once it is known.',
    params: session,
    body: z.strictObject({ turn: turnSchema, to: restoreToSchema }).meta({ id: 'PlanBody' }),
    status: 200,
    waits: true,
    response: restorePlanSchema,
  },
  setMode: {
    method: 'post',
    path: '/v1/sessions/{id}/mode',
    summary:
      'Choose a mode of those the agent offers. It is kept: an agent that is started again gets it again.',
    params: session,
    body: z
      .strictObject({ modeId: z.string().min(1).max(limits.choiceIdCharsMax) })
      .meta({ id: 'ModeBody' }),
    status: 202,
    response: sessionSchema,
  },
  setModel: {
    method: 'post',
    path: '/v1/sessions/{id}/model',
    summary: 'Choose a model of those the agent offers. It is kept like a mode.',
    params: session,
    body: z
      .strictObject({ modelId: z.string().min(1).max(limits.choiceIdCharsMax) })
      .meta({ id: 'ModelBody' }),
    status: 202,
    response: sessionSchema,
  },
  restartAgent: {
    method: 'post',
    path: '/v1/sessions/{id}/agent/restart',
    summary:
      'End the agent’s process, whatever it does, and start another, which restores the conversation. A running turn is cut off by it.',
    params: session,
    status: 202,
    response: sessionSchema,
  },
  why: {
    method: 'get',
    path: '/v1/sessions/{id}/why',
    summary: 'What a session waits for, and the last proof of life of each hop.',
    params: session,
    status: 200,
    response: whySchema,
  },
  callbacks: {
    method: 'get',
    path: '/v1/sessions/{id}/callbacks',
    summary: 'How far the latest callbacks of a session have come, the newest first.',
    params: session,
    status: 200,
    response: z.object({ url: z.string().optional(), callbacks: z.array(callbackSchema) }),
  },
  resendCallback: {
    method: 'post',
    path: '/v1/sessions/{id}/callbacks/{callbackId}/resend',
    summary: 'Send a callback again, under its own id, whatever became of it before.',
    params: session.extend({ callbackId: callbackIdSchema }),
    status: 202,
    response: callbackSchema,
  },
  answerPermission: {
    method: 'post',
    path: '/v1/sessions/{id}/permissions/{permissionId}',
    summary:
      'Answer a permission or question. The first answer wins; the same answer again is fine.',
    params: permission,
    body: z
      .strictObject({
        optionId: z.string().min(1).max(200),
        by: z.string().min(1).max(100).default('api'),
      })
      .meta({ id: 'AnswerBody' }),
    status: 200,
    response: z.object({ optionId: z.string(), by: z.string() }),
  },
  events: {
    method: 'get',
    path: '/v1/sessions/{id}/events',
    summary: 'A page of the log.',
    params: session,
    query: z.object({
      after,
      limit: z.coerce.number().int().min(1).max(limits.pageEventsMax).default(500),
    }),
    status: 200,
    response: z.object({
      events: z.array(eventSchema),
      seq: cursorSchema,
      trimmedTo: cursorSchema.optional().meta({
        description: 'Events after `after` and up to this one are not kept any more.',
      }),
    }),
  },
  place: {
    method: 'get',
    path: '/v1/places',
    summary:
      'What is known of a folder of the server’s machine before a session starts in it: whether it is there, its repository, and who works in it. What it holds is not listed.',
    query: z.object({ path: folderPathSchema }),
    status: 200,
    response: placeSchema,
  },
  ticket: {
    method: 'post',
    path: '/v1/tickets',
    summary:
      'A single-use ticket that opens one stream within 60 seconds, for places that cannot send a header.',
    status: 201,
    response: z.object({ ticket: z.string(), expiresAt: z.int() }),
  },
  agents: {
    method: 'get',
    path: '/v1/agents',
    summary: 'Agents of this machine and what they miss.',
    status: 200,
    response: z.object({
      agents: z.array(foundAgentSchema),
      problems: z.array(z.string()).optional().meta({
        description: 'What is wrong in the file of agents, in sentences.',
      }),
    }),
  },
  settings: {
    method: 'get',
    path: '/v1/settings',
    summary: 'What this server was started with: its deadlines and limits. Read-only.',
    status: 200,
    response: z.object({
      version: z.string(),
      protocol: z.int(),
      since: z.int().meta({ description: 'When the server started.' }),
      keepSessionsMs: z
        .int()
        .optional()
        .meta({ description: 'Sessions that are idle for longer are deleted. Absent: never.' }),
      keepEvents: z
        .int()
        .optional()
        .meta({ description: 'The last events of each session that are kept. Absent: all.' }),
      keepEventsMs: z
        .int()
        .optional()
        .meta({ description: 'How long events are kept. Absent: for ever.' }),
      minDiskBytes: z.int().meta({ description: 'Free space that a preparation asks for.' }),
      allowPrivateCallbacks: z.boolean(),
      deadlines: z.record(z.string(), z.int()).meta({ description: 'By name, milliseconds.' }),
      limits: z.record(z.string(), z.int()).meta({ description: 'By name, units last.' }),
    }),
  },
  health: {
    method: 'get',
    path: '/v1/health',
    summary: 'Whether the server takes requests. Needs no token.',
    status: 200,
    response: ok,
  },
  version: {
    method: 'get',
    path: '/v1/version',
    summary: 'Which Belay this is.',
    status: 200,
    response: z.object({ version: z.string(), protocol: z.int() }),
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof routes
type Part<Name extends RouteName, Key extends string> =
  (typeof routes)[Name] extends Record<Key, infer Schema extends z.ZodType> ? Schema : never
/** What a caller sends: path parameters, query and body in one object. */
export type RouteInput<Name extends RouteName> = Sent<Part<Name, 'params'>> &
  Sent<Part<Name, 'query'>> &
  Sent<Part<Name, 'body'>>
type Sent<Schema> = [Schema] extends [never]
  ? unknown
  : Schema extends z.ZodType
    ? z.input<Schema>
    : unknown
/** What the handler gets after validation. */
export type RouteArgs<Name extends RouteName> = Parsed<Part<Name, 'params'>> &
  Parsed<Part<Name, 'query'>> &
  Parsed<Part<Name, 'body'>>
type Parsed<Schema> = [Schema] extends [never]
  ? unknown
  : Schema extends z.ZodType
    ? z.output<Schema>
    : unknown
export type RouteAnswer<Name extends RouteName> = z.output<(typeof routes)[Name]['response']>
