import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeModel, startFakeModel } from './fake-model.ts'
import { waitFor } from './wait-for.ts'

let model: FakeModel
beforeAll(async () => {
  model = await startFakeModel()
})
afterAll(() => model.stop())

const apis = [
  {
    path: '/v1/chat/completions',
    tools: [{ type: 'function', function: { name: 'bash', parameters: bashSchema() } }],
    messages: (text: string) => ({ messages: [{ role: 'user', content: text }] }),
    end: 'data: [DONE]',
    called: '"tool_calls"',
  },
  {
    path: '/v1/responses',
    tools: [{ type: 'function', name: 'bash', parameters: bashSchema() }],
    messages: (text: string) => ({
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
    }),
    end: 'event: response.completed',
    called: '"function_call"',
  },
  {
    path: '/v1/messages',
    tools: [{ name: 'bash', input_schema: bashSchema() }],
    messages: (text: string) => ({
      messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    }),
    end: 'event: message_stop',
    called: '"tool_use"',
  },
  {
    path: '/v1beta/models/fake-1:streamGenerateContent',
    tools: [{ functionDeclarations: [{ name: 'bash', parametersJsonSchema: bashSchema() }] }],
    messages: (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    end: '"finishReason":"STOP"',
    called: '"functionCall"',
  },
]

function bashSchema() {
  return { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] }
}

function ask(api: (typeof apis)[number], text: string, more: object = {}, signal?: AbortSignal) {
  return fetch(model.url + api.path, {
    method: 'POST',
    body: JSON.stringify({ model: 'fake-1', ...api.messages(text), tools: api.tools, ...more }),
    ...(signal === undefined ? {} : { signal }),
  })
}

test.each(apis)('[T-2] $path streams words, then a call, then ends', async (api) => {
  const response = await ask(api, '[[say one two]] [[slow 3 1]] [[bash ls -l]]', { stream: true })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const text = await response.text()
  const places = ['"one "', '"two"', '"tok1 "', '"tok3 "', 'ls -l', api.end].map((part) =>
    text.indexOf(part),
  )
  expect(places).not.toContain(-1)
  expect(places).toEqual(places.toSorted((left, right) => left - right))
  // Every event is whole JSON.
  for (const line of text.split('\n').filter((item) => item.startsWith('data: {'))) {
    expect(() => JSON.parse(line.slice(6))).not.toThrow()
  }
})

test.each(apis)('[T-2] $path answers whole when no stream was asked for', async (api) => {
  // Gemini says it in the path, the others in the body.
  const path = api.path.replace('streamGenerate', 'generate')
  const response = await ask({ ...api, path }, '[[say hello]] [[bash ls]]')
  const text = JSON.stringify(await response.json())
  expect(text).toContain('"hello"')
  expect(text).toContain(api.called)
})

test.each(apis)('[T-2] $path fails as often as the script says', async (api) => {
  const text = `[[error 429 2]] [[say recovered]] ${api.path}`
  const statuses = []
  for (let attempt = 0; attempt < 3; attempt++) {
    const response = await ask(api, text)
    statuses.push(response.status)
    await response.text()
  }
  expect(statuses).toEqual([429, 429, 200])
})

test.each(apis)('[T-2] $path loses its socket as often as the script says', async (api) => {
  const text = `[[drop 2 5 1]] [[say whole]] ${api.path}`
  const first = await ask(api, text, { stream: true })
  await expect(first.text()).rejects.toThrow('terminated')
  const second = await (await ask(api, text, { stream: true })).text()
  expect(second).toContain('whole')
  expect(second).not.toContain('tok1')
})

test.each(apis)('[T-2] $path thinks before it speaks', async (api) => {
  const response = await ask(api, '[[think hard]] [[say spoken]]', { stream: true })
  const text = await response.text()
  expect(text.indexOf('hard')).toBeGreaterThan(-1)
  expect(text.indexOf('hard')).toBeLessThan(text.indexOf('"spoken"'))
})

test('[T-3] the log says what was played, and whether the agent hung up', async () => {
  const api = apis[0]
  if (api === undefined) throw new Error('no api')
  const before = model.requests().length
  const abort = new AbortController()
  const response = await ask(api, '[[slow 1000 5]]', { stream: true }, abort.signal)
  await response.body?.getReader().read()
  const entry = () => model.requests()[before]
  await waitFor(() => (entry()?.tokensSent ?? 0) > 3, 'some tokens were sent', 5000)
  expect(entry()).toMatchObject({ roles: 'u', tools: ['bash'], played: ['slow'], aborted: false })
  abort.abort()
  await waitFor(() => entry()?.over === true, 'the end of the exchange was seen', 5000)
  expect(entry()).toMatchObject({ aborted: true, status: 200, dialect: 'chat' })
  expect(entry()?.tokensSent).toBeLessThan(1000)
})

test('[T-3] a dropped socket and a silence are the script’s doing, not the agent’s', async () => {
  const api = apis[0]
  if (api === undefined) throw new Error('no api')
  const before = model.requests().length
  const dropped = await ask(api, '[[drop 3 1]]', { stream: true })
  await expect(dropped.text()).rejects.toThrow('terminated')
  expect(model.requests()[before]).toMatchObject({ dropped: true, aborted: false, tokensSent: 3 })
  const hanging = await ask(api, '[[hang]]', { stream: true })
  const reader = hanging.body?.getReader()
  await reader?.read()
  expect(model.requests()[before + 1]).toMatchObject({ over: false, tokensSent: 1 })
  await reader?.cancel()
})

test('[T-3] what agents ask beside answers is answered, and a mistake in a script is told', async () => {
  const models: unknown = await (await fetch(`${model.url}/v1/models`)).json()
  expect(models).toMatchObject({ data: [{ id: 'fake-1' }] })
  const counted = await fetch(`${model.url}/v1/messages/count_tokens`, { method: 'POST' })
  expect(await counted.json()).toEqual({ input_tokens: 100 })
  expect((await fetch(`${model.url}/elsewhere`)).status).toBe(404)
  const api = apis[1]
  if (api === undefined) throw new Error('no api')
  const wrong = await ask(api, '[[tool x not-json]]')
  expect(wrong.status).toBe(500)
})
