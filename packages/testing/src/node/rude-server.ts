/**
 * An agent server whose manners a test writes: a real process that speaks opencode's HTTP and events as it should until the
 * test says otherwise.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a script may use and replace. */
const bones = `
const http = require('node:http')
const streams = new Set()
const prompts = []
const store = { messages: [], permission: [], question: [], status: {} }
const say = (type, properties = {}) => { for (const one of streams) one.write('data: ' + JSON.stringify({ type, properties: { sessionID: 's1', ...properties } }) + '\\n\\n') }
const message = (role, id, more = {}) => say('message.updated', { info: { id, role, sessionID: 's1', time: {}, ...more } })
const part = (id, text, more = {}) => say('message.part.updated', { part: { id, type: 'text', messageID: 'a1', text, ...more } })
const cut = () => { for (const one of streams) one.destroy(); streams.clear() }
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
let beats = true, deaf = false
let onPrompt = () => {}, onReply = () => {}, listening = (line) => process.stdout.write(line)
setInterval(() => { if (beats) for (const one of streams) one.write('data: {"type":"server.heartbeat","properties":{}}\\n\\n') }, 50)
const routes = {
  '/global/health': () => ({ healthy: true, version: '1' }), '/session': () => ({ id: 's1' }), '/session/s1': () => ({ id: 's1' }),
  '/agent': () => [], '/command': () => [], '/config/providers': () => ({ providers: [] }),
  '/session/s1/message': () => store.messages, '/permission': () => store.permission, '/question': () => store.question, '/session/status': () => store.status,
}
const server = http.createServer(async (request, response) => {
  if (deaf) return
  const { pathname } = new URL(request.url, 'http://x')
  const wanted = 'Basic ' + Buffer.from('opencode:' + process.env.OPENCODE_SERVER_PASSWORD).toString('base64')
  if (request.headers.authorization !== wanted) { response.statusCode = 401; return response.end('{}') }
  if (pathname === '/event') { response.writeHead(200, { 'content-type': 'text/event-stream' }); response.write('data: {"type":"server.connected","properties":{}}\\n\\n'); streams.add(response); return }
  let body = ''
  for await (const chunk of request) body += chunk
  const value = body === '' ? {} : JSON.parse(body)
  if (pathname.endsWith('/prompt_async')) { prompts.push(value); const answer = await onPrompt(value, request, response); if (answer === 'none') return; response.statusCode = 204; return response.end() }
  if (request.method === 'POST' && pathname !== '/session') { await onReply(pathname, value); return response.end('true') }
  const known = prompts.find(({ messageID }) => pathname === '/session/s1/message/' + messageID)
  const found = known ?? routes[pathname]?.()
  response.statusCode = found === undefined ? 404 : 200
  response.end(JSON.stringify(found ?? { message: 'not there' }))
})
const ready = () => server.listen(0, '127.0.0.1', () => listening('opencode server listening on http://127.0.0.1:' + server.address().port + '\\n'))
setImmediate(ready)
`

/** Writes the server into the folder it will work in. @returns how it is started */
export function rudeServer(
  folder: string,
  script: string,
): { readonly command: string; readonly args: readonly string[] } {
  const file = join(folder, 'rude-server.cjs')
  writeFileSync(file, bones + script)
  return { command: process.execPath, args: [file] }
}
