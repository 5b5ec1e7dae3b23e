/** Makes a call that fits whatever tools the agent offers: found by their names, filled in by their schemas. */
import type { Tool } from './conversation.ts'
import type { ToolDirective } from './directives.ts'
import { field, list } from './json.ts'
import { filler } from './filler.ts'

export interface ToolCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

const writeNames = /^(write|write_file|write_to_file|create_file)$/i
const shellNames = /^(bash|shell|exec_command|shell_command|run_shell_command|execute_command)$/i

/** @returns the call, or a sentence when the agent offers no such tool. */
export function toolCall(directive: ToolDirective, tools: readonly Tool[]): ToolCall | string {
  switch (directive.type) {
    case 'tool':
      return { name: directive.name, input: parseInput(directive) }
    case 'bash':
      return fitted(tools, shellNames, { command: directive.command })
    case 'write': {
      const call = fitted(tools, writeNames, { path: directive.path, content: directive.text })
      if (typeof call !== 'string') return call
      // An agent that edits by the shell alone.
      const command = `printf '%s' ${quoted(directive.text)} > ${quoted(directive.path)}`
      return fitted(tools, shellNames, { command })
    }
  }
}

function fitted(
  tools: readonly Tool[],
  names: RegExp,
  wanted: Readonly<Record<string, string>>,
): ToolCall | string {
  const tool = tools.find((candidate) => names.test(candidate.name))
  if (tool === undefined) {
    return `no tool here is called like ${names.source}: ${tools.map((item) => item.name).join(', ')}`
  }
  const properties = Object.entries(Object(field(tool.schema, 'properties')))
  const required = list(field(tool.schema, 'required'))
  const input: Record<string, unknown> = {}
  for (const [name, schema] of properties) {
    const value = wanted[meaning(name)]
    if (value !== undefined) {
      input[name] = field(schema, 'type') === 'array' ? ['bash', '-c', value] : value
    } else if (required.includes(name)) input[name] = filler(schema)
  }
  return { name: tool.name, input }
}

/** What a tool's argument is for, by its name. */
function meaning(name: string): string {
  if (/^(command|cmd)$/i.test(name)) return 'command'
  if (/path|file/i.test(name)) return 'path'
  return /content|text/i.test(name) ? 'content' : ''
}

function parseInput(directive: { name: string; json: string }): ToolCall['input'] {
  const value: unknown = JSON.parse(directive.json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`[[tool ${directive.name}]] wants a JSON object, got ${directive.json}`)
  }
  return { ...value }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
