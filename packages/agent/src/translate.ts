/**
 * One table from the updates of an ACP agent to the reports of a session.
 *
 * Invariants:
 * - A-2 An update is never swallowed: what the table does not know, or cannot read, is carried as `agent-update`.
 * - A-3 Text is never cut: too long, it becomes several reports in order. Anything else too large is cut with a marker.
 * - A-4 Text, thoughts, tools and plans are of the turn they came in; outside of one they are told as that, and never lost.
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

/** @param turn the turn that an update belongs to, if it belongs to one */
export function translate(update: AgentUpdate, turn: number | undefined): readonly Report[] {
  if (turn === undefined) return translateAfter(update, undefined)
  const reports = table[update.sessionUpdate]?.(update, turn) ?? [carried(update, turn)]
  return reports.map((report) => fit(report, limits.eventBytesMax - eventRoomBytes))
}

/** An update of no turn. @param after the turn it came after, if there was one */
export function translateAfter(update: AgentUpdate, after: number | undefined): readonly Report[] {
  // The number is only held until what is said is told as being of no turn.
  const read = table[update.sessionUpdate]?.(update, after ?? 1)
  const came = after === undefined ? {} : { after }
  const reports = read?.flatMap((report) => outside(report, update, came)) ?? [
    carried(update, undefined),
  ]
  return reports.map((report) => fit(report, limits.eventBytesMax - eventRoomBytes))
}

function outside(report: Report, update: AgentUpdate, came: { readonly after?: number }): Report[] {
  const type = 'said-after'
  if (report.type === 'text' || report.type === 'thought')
    return [{ type, kind: report.type, ...came, text: report.text }]
  if (report.type === 'tool') {
    const { title = report.toolCallId, status } = report
    const text = status === undefined ? title : `${title} (${status.replace('_', ' ')})`
    return [{ type, kind: 'tool', ...came, text, update }]
  }
  if (report.type !== 'plan') return [report]
  const text = report.entries.map(({ content }) => content).join('\n')
  return [{ type, kind: 'plan', ...came, text, update }]
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
