/**
 * What an agent asks a person: a permission for a tool, or a question with a few answers. Both are one thing to a session.
 *
 * Invariants:
 * - A-104 A permission is read as far as it can be: what is chosen by and what it is called count, the rest is left out
 *   where it is odd. One without a single answer cannot be given to a person, and says why.
 * - A-6 A form with a single choice becomes options; any other form is declined, never shown half.
 */
import { limits, type PermissionOption, type ReportOf } from '@belay/protocol'
import { z } from 'zod'
import { isRecord, shown } from './odd.ts'

/** A permission as the agent asked it; the runner adds the turn and the id. */
export type Ask = Omit<ReportOf<'permission-asked'>, 'type' | 'turn' | 'permissionId'>

/** Characters an option's id may have in a report. */
const optionIdCharsMax = 200
const optionsMax = 50

const content = z.looseObject({ type: z.string() })
/** A text, or a number that some write instead. */
const wordSchema = z.union([z.string(), z.number()]).transform(String)
const toolCallSchema = z
  .looseObject({
    toolCallId: wordSchema.optional().catch(undefined),
    title: z.string().min(1).optional().catch(undefined),
    // One that is no list is a list of one.
    content: z
      .union([z.array(content), content.transform((one) => [one])])
      .optional()
      .catch(undefined),
    rawInput: z.unknown().optional(),
  })
  .catch({})
const answerSchema = z.looseObject({
  optionId: wordSchema,
  name: z.string().min(1).optional().catch(undefined),
  kind: z.string().min(1).optional().catch(undefined),
})
/** Of an answer that does not say whether it allows anything: nothing may take it for a yes. */
const kindUnknown = 'unknown'

/** @param params of `session/request_permission` @returns what a person is asked, or why nobody can be */
export function askOfPermission(params: unknown): Ask | { readonly unreadable: string } {
  const asked = isRecord(params) ? params : {}
  const list = Array.isArray(asked['options']) ? asked['options'] : []
  const options = list.flatMap((option: unknown): PermissionOption[] => {
    const read = answerSchema.safeParse(option).data
    if (read === undefined) return []
    const { optionId, name = optionId, kind = kindUnknown } = read
    return [{ optionId, name, kind }]
  })
  const toolCall = toolCallSchema.parse(asked['toolCall'])
  const title = toolCall.title ?? 'The agent asks for permission'
  const answers = offered(options)
  if (answers.length === 0)
    return {
      unreadable: `The agent asked “${title}” without an answer that can be chosen ("options" should be a list with an "optionId" each and is ${shown(asked['options'])}). It was told that nobody answers.`,
    }
  return {
    title: cutTitle(title),
    ...(toolCall.toolCallId === undefined ? {} : { toolCallId: toolCall.toolCallId.slice(0, 200) }),
    options: answers,
    ...(toolCall.content ? { content: toolCall.content } : {}),
    ...(toolCall.rawInput === undefined ? {} : { rawInput: toolCall.rawInput }),
  }
}

/** A person is told that there was more. */
function cutTitle(title: string): string {
  const max = limits.permissionTitleCharsMax
  return title.length <= max ? title : `${title.slice(0, max - 1)}…`
}

/** An answer longer than a report can carry could never come back, so it is not offered. */
function offered(options: readonly PermissionOption[]): PermissionOption[] {
  return options
    .filter((option) => option.optionId !== '' && option.optionId.length <= optionIdCharsMax)
    .slice(0, optionsMax)
    .map(({ optionId, name, kind }) => ({
      optionId,
      name: name.slice(0, limits.choiceNameCharsMax),
      kind: kind.slice(0, limits.choiceNameCharsMax),
    }))
}

const declineOption: PermissionOption = {
  optionId: 'belay:decline',
  name: 'Decline to answer',
  kind: 'reject_once',
}

/** A question that can be asked with buttons, and the field its answer belongs in. */
export interface Choice {
  readonly ask: Ask
  readonly field: string
  readonly boolean: boolean
}

const choiceSchema = z.union([
  z.looseObject({ type: z.literal('boolean'), title: z.string().nullish() }),
  z.looseObject({
    type: z.literal('string'),
    title: z.string().nullish(),
    oneOf: z.array(z.looseObject({ const: z.string(), title: z.string() })).min(1),
  }),
  z.looseObject({
    type: z.literal('string'),
    title: z.string().nullish(),
    enum: z.array(z.string()).min(1),
  }),
])
const elicitationSchema = z.object({
  mode: z.literal('form'),
  message: z.string(),
  toolCallId: z.string().nullish(),
  requestedSchema: z.looseObject({ properties: z.record(z.string(), z.unknown()) }),
})

/** @param params of `elicitation/create` @returns `undefined` when it is not a single choice */
export function askOfElicitation(params: unknown): Choice | undefined {
  const form = elicitationSchema.safeParse(params)
  if (!form.success) return undefined
  const [field, ...others] = Object.entries(form.data.requestedSchema.properties)
  if (field === undefined || others.length > 0) return undefined
  const choice = choiceSchema.safeParse(field[1])
  if (!choice.success) return undefined
  const options = [...offered(answersOf(choice.data)), declineOption]
  const { toolCallId, message: title } = form.data
  return {
    ask: {
      title: cutTitle(title),
      options,
      ...(toolCallId ? { toolCallId: toolCallId.slice(0, 200) } : {}),
    },
    field: field[0],
    boolean: choice.data.type === 'boolean',
  }
}

function answersOf(choice: z.infer<typeof choiceSchema>): PermissionOption[] {
  if (choice.type === 'boolean') {
    return [
      { optionId: 'true', name: 'Yes', kind: 'answer' },
      { optionId: 'false', name: 'No', kind: 'answer' },
    ]
  }
  if ('oneOf' in choice && Array.isArray(choice.oneOf)) {
    return choice.oneOf.map((item) => ({ optionId: item.const, name: item.title, kind: 'answer' }))
  }
  if ('enum' in choice && Array.isArray(choice.enum)) {
    return choice.enum.map((item: string) => ({ optionId: item, name: item, kind: 'answer' }))
  }
  return []
}

/** What to tell the agent when a person chose `optionId`, or nobody will (`undefined`). */
export function elicitationAnswer(
  choice: Choice,
  optionId: string | undefined,
):
  | { action: 'accept'; content: Record<string, string | boolean> }
  | { action: 'decline' }
  | { action: 'cancel' } {
  if (optionId === undefined) return { action: 'cancel' }
  if (optionId === declineOption.optionId) return { action: 'decline' }
  return {
    action: 'accept',
    content: { [choice.field]: choice.boolean ? optionId === 'true' : optionId },
  }
}
