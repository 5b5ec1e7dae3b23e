/**
 * One table from the updates of an ACP agent to the reports of a session.
 *
 * Invariants:
 * - A-2 An update is never swallowed: what the table does not know, or cannot read, is carried as `agent-update`.
 * - A-3 Text is never cut: too long, it becomes several reports in order. Anything else too large is cut with a marker.
 * - A-4 The content of a turn needs a turn: without one, text, thoughts, tools and plans come to nothing.
 */
import { limits, type Report, type ReportOf } from '@belay/protocol'
import { z } from 'zod'
import { fit } from './fit.ts'

/** An update as it came: only its kind is certain. */
export interface AgentUpdate {
  readonly sessionUpdate: string
  readonly [key: string]: unknown
}

/** Characters of text in one report: in UTF-8 and escaped it stays below `eventBytesMax` whatever it holds. */
const textCharsMax = Math.floor(limits.eventBytesMax / 8)
/** Room that a report's own fields, its number and its stamp take beside the content. */
const eventRoomBytes = 2048

const chunkSchema = z.object({
  content: z.object({ type: z.literal('text'), text: z.string() }),
  messageId: z.string().nullish(),
})
const toolSchema = z.object({
  toolCallId: z.string().min(1),
  title: z.string().nullish().catch(undefined),
  kind: z.string().nullish().catch(undefined),
  status: z.enum(['pending', 'in_progress', 'completed', 'failed']).nullish().catch(undefined),
  content: z
    .array(z.looseObject({ type: z.string() }))
    .nullish()
    .catch(undefined),
  locations: z
    .array(z.looseObject({ path: z.string() }))
    .nullish()
    .catch(undefined),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
})
const planSchema = z.object({ entries: z.array(z.looseObject({ content: z.string() })) })

type Row = (update: AgentUpdate, turn: number) => Report[] | undefined

/** A row answers `undefined` for what it cannot read. */
const table: Readonly<Record<string, Row>> = {
  agent_message_chunk: (update, turn) => {
    const chunk = chunkSchema.safeParse(update).data
    if (chunk === undefined) return undefined
    const { messageId } = chunk
    return pieces(chunk.content.text).map((text) => ({
      type: 'text',
      turn,
      text,
      ...(messageId ? { messageId } : {}),
    }))
  },
  agent_thought_chunk: (update, turn) => {
    const chunk = chunkSchema.safeParse(update).data
    return chunk && pieces(chunk.content.text).map((text) => ({ type: 'thought', turn, text }))
  },
  tool_call: tool,
  tool_call_update: tool,
  plan: (update, turn) => {
    const plan = planSchema.safeParse(update).data
    return plan && [{ type: 'plan', turn, entries: plan.entries }]
  },
}

/** @param turn the turn that runs, if one does */
export function translate(update: AgentUpdate, turn: number | undefined): readonly Report[] {
  const row = table[update.sessionUpdate]
  if (row !== undefined && turn === undefined) return []
  const reports = (turn !== undefined && row?.(update, turn)) || [carried(update, turn)]
  return reports.map((report) => fit(report, limits.eventBytesMax - eventRoomBytes))
}

function carried(update: AgentUpdate, turn: number | undefined): ReportOf<'agent-update'> {
  return { type: 'agent-update', ...(turn === undefined ? {} : { turn }), update }
}

function tool(update: AgentUpdate, turn: number): Report[] | undefined {
  const call = toolSchema.safeParse(update).data
  if (call === undefined) return undefined
  const { toolCallId, title, kind, status, content, locations, rawInput, rawOutput } = call
  return [
    {
      type: 'tool',
      turn,
      toolCallId: toolCallId.slice(0, 200),
      ...(title ? { title } : {}),
      ...(kind ? { kind } : {}),
      ...(status ? { status } : {}),
      ...(content ? { content } : {}),
      ...(locations ? { locations } : {}),
      ...(rawInput === undefined ? {} : { rawInput }),
      ...(rawOutput === undefined ? {} : { rawOutput }),
    },
  ]
}

/** Splits text without ever parting the two halves of a character outside the basic plane. */
function pieces(text: string): string[] {
  const all: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + textCharsMax, text.length)
    const last = text.charCodeAt(to - 1)
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to -= 1
    all.push(text.slice(from, to))
    from = to
  }
  return all
}
