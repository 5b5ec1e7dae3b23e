/** Anthropic messages: `POST /v1/messages`. The dialect of Claude. */
import type { Message } from './conversation.ts'
import type { Dialect, Said } from './dialect.ts'
import { contentText, field, list, string } from './json.ts'

export const messagesDialect: Dialect = {
  name: 'messages',
  conversation(body) {
    return {
      messages: list(field(body, 'messages')).flatMap(message),
      tools: list(field(body, 'tools')).map((tool) => ({
        name: string(field(tool, 'name')),
        schema: field(tool, 'input_schema'),
      })),
    }
  },
  answer(model, n) {
    let opened = false
    /** Blocks that are whole. */
    let index = 0
    const open = () => {
      if (opened) return ''
      opened = true
      return event('content_block_start', { index, content_block: { type: 'text', text: '' } })
    }
    return {
      begin: () => event('message_start', { message: envelope(model, n) }),
      token: (text) =>
        open() + event('content_block_delta', { index, delta: { type: 'text_delta', text } }),
      thought(thinking) {
        const at = index++
        const block = { type: 'thinking', thinking: '', signature: '' }
        const delta = (value: object) => event('content_block_delta', { index: at, delta: value })
        return (
          event('content_block_start', { index: at, content_block: block }) +
          delta({ type: 'thinking_delta', thinking }) +
          delta({ type: 'signature_delta', signature: 'scripted' }) +
          event('content_block_stop', { index: at })
        )
      },
      end(said) {
        const textEnd = opened ? event('content_block_stop', { index }) : ''
        if (opened) index++
        const calls = toolUse(n, said).map((call) => {
          const delta = { type: 'input_json_delta', partial_json: JSON.stringify(call.input) }
          return (
            event('content_block_start', { index, content_block: { ...call, input: {} } }) +
            event('content_block_delta', { index, delta }) +
            event('content_block_stop', { index })
          )
        })
        const delta = { stop_reason: stopReason(said), stop_sequence: null }
        const count = event('message_delta', { delta, usage: { output_tokens: 10 } })
        return textEnd + calls.join('') + count + event('message_stop', {})
      },
    }
  },
  whole(model, n, said) {
    const spoken = said.text === '' ? [] : [{ type: 'text', text: said.text }]
    const content = [...spoken, ...toolUse(n, said)]
    return { ...envelope(model, n), content, stop_reason: stopReason(said) }
  },
  failure(status) {
    const types: Record<number, string> = { 401: 'authentication_error', 429: 'rate_limit_error' }
    const type = types[status] ?? 'api_error'
    return { type: 'error', error: { type, message: `The script says ${status}.` } }
  },
}

/** A message of the user may hold tool results, and reminders of the agent's own beside them. */
function message(value: unknown): Message[] {
  const role = string(field(value, 'role'))
  const content = field(value, 'content')
  if (role === 'assistant') return [{ role, text: contentText(content) }]
  if (role !== 'user') return []
  const results = list(content).filter((part) => field(part, 'type') === 'tool_result')
  const text = contentText(content)
  const tool: Message = {
    role: 'tool',
    text: results.map((part) => contentText(field(part, 'content'))).join('\n'),
  }
  const user: Message = { role: 'user', text }
  return [...(results.length > 0 ? [tool] : []), ...(text === '' ? [] : [user])]
}

function envelope(model: string, n: number) {
  return {
    id: `msg_${n}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 100,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 10,
    },
  }
}

function toolUse(n: number, said: Said) {
  if (said.call === undefined) return []
  return [{ type: 'tool_use', id: `toolu_${n}`, name: said.call.name, input: said.call.input }]
}

function stopReason(said: Said): string {
  return said.call === undefined ? 'end_turn' : 'tool_use'
}

function event(type: string, rest: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
}
