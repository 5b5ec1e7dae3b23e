/** Gemini: `POST /v1beta/models/NAME:generateContent` and `:streamGenerateContent`. */
import type { Message } from './conversation.ts'
import type { Dialect, Said } from './dialect.ts'
import { field, list, string } from './json.ts'

export const geminiDialect: Dialect = {
  name: 'gemini',
  conversation(body) {
    return {
      messages: list(field(body, 'contents')).flatMap(messagesOf),
      tools: list(field(body, 'tools'))
        .flatMap((tool) => list(field(tool, 'functionDeclarations')))
        .map((tool) => ({
          name: string(field(tool, 'name')),
          schema: field(tool, 'parametersJsonSchema') ?? field(tool, 'parameters'),
        })),
      answerSchema:
        field(field(body, 'generationConfig'), 'responseJsonSchema') ??
        field(field(body, 'generationConfig'), 'responseSchema'),
    }
  },
  answer(model, n) {
    const part = (value: object) => data(chunk(model, n, [value]))
    return {
      begin: () => '',
      token: (text) => part({ text }),
      thought: (text) => part({ text, thought: true }),
      end: (said) => data(stopped(model, n, said)),
    }
  },
  whole: (model, n, said) => stopped(model, n, said, [{ text: said.text }]),
  failure(status) {
    const code =
      status === 429 ? 'RESOURCE_EXHAUSTED' : status === 401 ? 'UNAUTHENTICATED' : 'INTERNAL'
    return { error: { code: status, message: `The script says ${status}.`, status: code } }
  },
}

/** A message may hold results of tools and text: two messages to us. */
function messagesOf(content: unknown): Message[] {
  const parts = list(field(content, 'parts'))
  const text = parts
    .filter((part) => field(part, 'thought') !== true)
    .map((part) => string(field(part, 'text')))
    .filter((one) => one !== '')
    .join('\n')
  if (string(field(content, 'role')) === 'model') return [{ role: 'assistant', text }]
  const results = parts.filter((part) => field(part, 'functionResponse') !== undefined)
  const tools = results.map((part): Message => ({
    role: 'tool',
    text: JSON.stringify(field(part, 'functionResponse')),
  }))
  return text === '' ? tools : [...tools, { role: 'user', text }]
}

function stopped(model: string, n: number, said: Said, text: readonly object[] = []) {
  const whole = chunk(model, n, [...text, ...callParts(n, said)])
  return {
    ...whole,
    candidates: whole.candidates.map((candidate) => ({ ...candidate, finishReason: 'STOP' })),
  }
}

function callParts(n: number, { call }: Said): readonly object[] {
  if (call === undefined) return [{ text: '' }]
  return [{ functionCall: { id: `call_${n}`, name: call.name, args: call.input } }]
}

function chunk(model: string, n: number, parts: readonly object[]) {
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0 }],
    modelVersion: model,
    responseId: `r${n}`,
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 },
  }
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\r\n\r\n`
}
