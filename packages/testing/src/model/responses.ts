/** OpenAI responses: `POST /v1/responses`. The dialect of Codex. */
import { openAiFailure } from './chat.ts'
import type { Message, Tool } from './conversation.ts'
import type { Dialect, Said } from './dialect.ts'
import { contentText, field, list, string } from './json.ts'

const usage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 110,
}

export const responsesDialect: Dialect = {
  name: 'responses',
  conversation(body) {
    const input = field(body, 'input')
    return {
      messages:
        typeof input === 'string' ? [{ role: 'user', text: input }] : list(input).flatMap(message),
      tools: list(field(body, 'tools')).map(tool),
    }
  },
  answer(model, n) {
    let number = 0
    let opened = false
    const event = (type: string, rest: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...rest })}\n\n`
    const place = { item_id: `msg_${n}`, output_index: 0, content_index: 0 }
    const open = () => {
      if (opened) return ''
      opened = true
      const item = { ...textItem(n, ''), status: 'in_progress', content: [] }
      return (
        event('response.output_item.added', { output_index: 0, item }) +
        event('response.content_part.added', { ...place, part: textPart('') })
      )
    }
    return {
      begin: () => event('response.created', { response: response(model, n) }),
      thought(text) {
        const id = `rs_${n}`
        const item = { id, type: 'reasoning', summary: [] }
        const at = { item_id: id, output_index: 0, summary_index: 0 }
        const part = { type: 'summary_text', text }
        return (
          event('response.output_item.added', { output_index: 0, item }) +
          event('response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } }) +
          event('response.reasoning_summary_text.delta', { ...at, delta: text }) +
          event('response.reasoning_summary_text.done', { ...at, text }) +
          event('response.reasoning_summary_part.done', { ...at, part }) +
          event('response.output_item.done', {
            output_index: 0,
            item: { ...item, summary: [part] },
          })
        )
      },
      token: (text) => open() + event('response.output_text.delta', { ...place, delta: text }),
      end(said) {
        const items = output(n, said)
        const spoken = opened
          ? event('response.output_text.done', { ...place, text: said.text }) +
            event('response.content_part.done', { ...place, part: textPart(said.text) })
          : ''
        const ends = items.map((item, index) => {
          const added = { ...item, status: 'in_progress', arguments: '' }
          const start =
            item.type === 'message'
              ? ''
              : event('response.output_item.added', { output_index: index, item: added })
          return start + event('response.output_item.done', { output_index: index, item })
        })
        const done = completed(model, n, items)
        return spoken + ends.join('') + event('response.completed', { response: done })
      },
    }
  },
  whole: (model, n, said) => completed(model, n, output(n, said)),
  failure: openAiFailure,
}

function message(value: unknown): Message[] {
  const type = string(field(value, 'type'))
  if (type.endsWith('_call_output')) {
    const result = field(value, 'output')
    return [{ role: 'tool', text: typeof result === 'string' ? result : contentText(result) }]
  }
  if (type.endsWith('_call')) return [{ role: 'assistant', text: '' }]
  const role = string(field(value, 'role'))
  if (role !== 'user' && role !== 'assistant') return []
  return [{ role, text: contentText(field(value, 'content')) }]
}

function tool(value: unknown): Tool {
  const name = string(field(value, 'name'))
  return {
    name: name === '' ? string(field(value, 'type')) : name,
    schema: field(value, 'parameters'),
  }
}

function response(model: string, n: number) {
  return {
    id: `resp_${n}`,
    object: 'response',
    created_at: 1,
    model,
    status: 'in_progress',
    output: [],
    parallel_tool_calls: true,
    tools: [],
  }
}

function completed(model: string, n: number, items: readonly object[]) {
  return { ...response(model, n), status: 'completed', output: items, usage }
}

function output(n: number, said: Said) {
  const spoken = said.text === '' ? [] : [textItem(n, said.text)]
  if (said.call === undefined) return spoken
  const call = {
    id: `fc_${n}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${n}`,
    name: said.call.name,
    arguments: JSON.stringify(said.call.input),
  }
  return [...spoken, call]
}

function textItem(n: number, text: string) {
  return {
    id: `msg_${n}`,
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [textPart(text)],
  }
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [] }
}
