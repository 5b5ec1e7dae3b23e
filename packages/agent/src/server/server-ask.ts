/**
 * What an agent server asks a person, as the one kind of question a session knows, and the answer on its way back.
 *
 * - A-6 A question with a single choice becomes options; any other form is declined, never shown half.
 */
import { z } from 'zod'
import type { Ask } from '../ask.ts'
import { titleOf } from './tool-call.ts'

export const permissionSchema = z.looseObject({
  id: z.string().min(1),
  sessionID: z.string(),
  permission: z.string(),
  patterns: z.array(z.string()).catch([]),
  metadata: z.record(z.string(), z.unknown()).catch({}),
  always: z.array(z.string()).catch([]),
  tool: z.looseObject({ callID: z.string() }).nullish().catch(undefined),
})
export const questionSchema = z.looseObject({
  id: z.string().min(1),
  sessionID: z.string(),
  questions: z.array(
    z.looseObject({
      question: z.string(),
      multiple: z.boolean().nullish().catch(undefined),
      options: z.array(z.looseObject({ label: z.string() })),
    }),
  ),
  tool: z.looseObject({ callID: z.string() }).nullish().catch(undefined),
})

/** How an answer is sent: to which of the server's routes, with what. */
export interface Reply {
  readonly path: string
  readonly body: unknown
}

export interface ServerAsk {
  readonly requestId: string
  readonly ask: Ask
}

const optionsMax = 50
const decline = 'belay:decline'

export function askOfServerPermission(asked: z.infer<typeof permissionSchema>): ServerAsk {
  const { id, permission, patterns, metadata, always, tool } = asked
  const diff = metadata['diff']
  const scope = always.length === 0 ? '' : ` (${always.join(', ')})`.slice(0, 200)
  const said = titleOf(permission, { ...metadata, filePath: metadata['filepath'] })
  return {
    requestId: id,
    ask: {
      title:
        said === permission && patterns.length > 0 ? `${permission}: ${patterns.join(', ')}` : said,
      ...(tool ? { toolCallId: tool.callID.slice(0, 200) } : {}),
      options: [
        { optionId: 'once', name: 'Allow once', kind: 'allow_once' },
        { optionId: 'always', name: `Allow always${scope}`, kind: 'allow_always' },
        { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
      ],
      ...(typeof diff === 'string' && diff !== ''
        ? { content: [{ type: 'content', content: { type: 'text', text: diff } }] }
        : {}),
      rawInput: metadata,
    },
  }
}

/** @param optionId `undefined`: nobody will answer */
export function permissionReply(requestId: string, optionId: string | undefined): Reply {
  const reply = optionId === 'once' || optionId === 'always' ? optionId : 'reject'
  return { path: `/permission/${encodeURIComponent(requestId)}/reply`, body: { reply } }
}

/** @returns `undefined` when it is not one choice of one */
export function askOfServerQuestion(asked: z.infer<typeof questionSchema>): ServerAsk | undefined {
  const [question, ...others] = asked.questions
  if (question === undefined || others.length > 0 || question.multiple === true) return undefined
  const { options } = question
  if (options.length === 0 || options.length > optionsMax) return undefined
  return {
    requestId: asked.id,
    ask: {
      title: question.question,
      ...(asked.tool ? { toolCallId: asked.tool.callID.slice(0, 200) } : {}),
      options: [
        // A label may be longer than an id can be, so its place stands for it.
        ...options.map(({ label }, place) => ({
          optionId: String(place),
          name: label,
          kind: 'answer',
        })),
        { optionId: decline, name: 'Decline to answer', kind: 'reject_once' },
      ],
    },
  }
}

/** @param labels of the options that were asked, in their order */
export function questionReply(
  requestId: string,
  labels: readonly string[],
  optionId: string | undefined,
): Reply {
  const label = optionId === undefined ? undefined : labels[Number(optionId)]
  const path = `/question/${encodeURIComponent(requestId)}`
  return label === undefined
    ? { path: `${path}/reject`, body: {} }
    : { path: `${path}/reply`, body: { answers: [[label]] } }
}
