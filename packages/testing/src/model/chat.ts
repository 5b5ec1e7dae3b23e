/** OpenAI chat completions: `POST /v1/chat/completions`. */
import type { Conversation, Message, Tool } from './conversation.ts'
import type { Dialect, Said } from './dialect.ts'
import { contentText, field, list, string } from './json.ts'

const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }

export const chatDialect: Dialect = {
  name: 'chat',
  conversation(body): Conversation {
    return {
      messages: list(field(body, 'messages')).flatMap(messageOf),
      tools: list(field(body, 'tools')).map(tool),
    }
  },
  answer(model, n) {
    const chunk = (delta: object, finish: string | undefined) =>
      data({
        id: `chatcmpl-${n}`,
        object: 'chat.completion.chunk',
        created: 1,
        model,
        choices: [{ index: 0, delta, finish_reason: finish ?? null }],
      })
    return {
      begin: () => chunk({ role: 'assistant', content: '' }, undefined),
      token: (text) => chunk({ content: text }, undefined),
      thought: (text) => chunk({ reasoning_content: text }, undefined),
      end(said) {
        const calls = toolCalls(n, said).map((call, index) => ({ index, ...call }))
        const last = chunk({}, said.call === undefined ? 'stop' : 'tool_calls')
        const count = data({
          id: `chatcmpl-${n}`,
          object: 'chat.completion.chunk',
          created: 1,
          model,
          choices: [],
          usage,
        })
        return `${calls.length > 0 ? chunk({ tool_calls: calls }, undefined) : ''}${last}${count}data: [DONE]\n\n`
      },
    }
  },
  whole(model, n, said) {
    const calls = toolCalls(n, said)
    const message = {
      role: 'assistant',
      content: said.text === '' ? null : said.text,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    }
    const choice = { index: 0, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop', message }
    return {
      id: `chatcmpl-${n}`,
      object: 'chat.completion',
      created: 1,
      model,
      choices: [choice],
      usage,
    }
  },
  failure: openAiFailure,
}

/** Shared by both OpenAI dialects. */
export function openAiFailure(status: number): unknown {
  const codes: Record<number, string> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' }
  return {
    error: {
      message: `The script says ${status}.`,
      type: status < 500 ? 'invalid_request_error' : 'server_error',
      code: codes[status] ?? 'server_error',
    },
  }
}

function messageOf(value: unknown): Message[] {
  const role = string(field(value, 'role'))
  if (role !== 'user' && role !== 'assistant' && role !== 'tool') return []
  return [{ role, text: contentText(field(value, 'content')) }]
}

function tool(value: unknown): Tool {
  const declared = field(value, 'function')
  return { name: string(field(declared, 'name')), schema: field(declared, 'parameters') }
}

function toolCalls(n: number, said: Said) {
  if (said.call === undefined) return []
  const { name, input } = said.call
  return [
    { id: `call_${n}`, type: 'function', function: { name, arguments: JSON.stringify(input) } },
  ]
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
