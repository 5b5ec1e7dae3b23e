/** One tool part of an agent server, in ACP's words. */
import { z } from 'zod'
import type { AgentUpdate } from '../translate.ts'

const stateSchema = z.looseObject({
  status: z.string(),
  input: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  title: z.string().nullish().catch(undefined),
  output: z.string().nullish().catch(undefined),
  error: z.string().nullish().catch(undefined),
  metadata: z.looseObject({}).nullish().catch(undefined),
})
export const toolPartSchema = z.looseObject({
  type: z.literal('tool'),
  tool: z.string(),
  callID: z.string().min(1),
  state: stateSchema,
})
export type ToolPart = z.infer<typeof toolPartSchema>

const kinds: Readonly<Record<string, string>> = {
  bash: 'execute',
  edit: 'edit',
  write: 'edit',
  patch: 'edit',
  multiedit: 'edit',
  apply_patch: 'edit',
  read: 'read',
  list: 'read',
  grep: 'search',
  glob: 'search',
  codesearch: 'search',
  websearch: 'search',
  webfetch: 'fetch',
  task: 'think',
  todowrite: 'think',
  todoread: 'think',
}
const statuses: Readonly<Record<string, string>> = {
  pending: 'pending',
  running: 'in_progress',
  completed: 'completed',
  error: 'failed',
}
/** What of its input says what a tool does, the best first. */
const telling = ['command', 'filePath', 'path', 'pattern', 'url', 'query', 'description']

/** @param begun whether the call was told before */
export function toolUpdate(part: ToolPart, begun: boolean): AgentUpdate {
  const { tool, callID, state } = part
  const input = state.input ?? {}
  const path = textOf(input, 'filePath')
  const status = statuses[state.status]
  return {
    sessionUpdate: begun ? 'tool_call_update' : 'tool_call',
    toolCallId: callID,
    title: state.title || titleOf(tool, input),
    kind: kinds[tool] ?? 'other',
    ...(status === undefined ? {} : { status }),
    ...(Object.keys(input).length === 0 ? {} : { rawInput: input }),
    ...(path === undefined ? {} : { locations: [{ path }] }),
    ...withContent(part),
  }
}

export function titleOf(tool: string, input: Readonly<Record<string, unknown>>): string {
  const said = telling.map((name) => textOf(input, name)).find((text) => text !== undefined)
  return said === undefined ? tool : `${tool}: ${said}`
}

function withContent(part: ToolPart): { readonly content?: readonly unknown[] } {
  const content = [...diffOf(part), ...outputOf(part)]
  return content.length === 0 ? {} : { content }
}

/** The change of a file, where the server says both sides of it. */
function diffOf({ tool, state }: ToolPart): readonly unknown[] {
  if (kinds[tool] !== 'edit') return []
  const input = state.input ?? {}
  const path = textOf(input, 'filePath')
  if (path === undefined) return []
  const change = state.metadata?.['filediff']
  if (isRecord(change)) {
    const oldText = textOf(change, 'before')
    const newText = textOf(change, 'after')
    if (newText !== undefined) return [{ type: 'diff', path, oldText: oldText ?? null, newText }]
  }
  const whole = textOf(input, 'content')
  // Of a file that was there before, the old text is not known; to show it as new would be a lie.
  if (whole !== undefined && state.metadata?.['exists'] === false)
    return [{ type: 'diff', path, oldText: null, newText: whole }]
  const oldText = textOf(input, 'oldString')
  const newText = textOf(input, 'newString')
  return oldText === undefined || newText === undefined
    ? []
    : [{ type: 'diff', path, oldText, newText }]
}

function outputOf({ state }: ToolPart): readonly unknown[] {
  const running = textOf(state.metadata ?? {}, 'output')
  const text = state.error ?? state.output ?? running
  return text ? [{ type: 'content', content: { type: 'text', text } }] : []
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = record[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
