/**
 * An ACP agent whose manners a test writes: a real process that does as it should until the test says otherwise.
 *
 * It writes every prompt it hears to `heard` in its folder, a line each, before it does anything about it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a script may use and replace; `methods` is called by name. */
const bones = `
const fs = require('node:fs')
const { spawn } = require('node:child_process')
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
const say = (text) => send({ method: 'session/update', params: { sessionId: 's1', update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } } } })
const fail = (code, message) => { throw Object.assign(new Error(message), { code }) }
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const methods = {
  initialize: () => ({ protocolVersion: 1, agentCapabilities: { loadSession: true } }),
  'session/new': () => ({ sessionId: 's1' }),
  'session/load': () => ({}),
  'session/prompt': async ({ prompt }) => {
    fs.appendFileSync('heard', prompt[0].text + '\\n')
    say('did ' + prompt[0].text)
    return { stopReason: 'end_turn' }
  },
}
function main() {
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const { id, method, params } = JSON.parse(line)
    if (method === undefined || methods[method] === undefined) return
    try { const result = await methods[method](params); if (id !== undefined) send({ id, result }) }
    catch (error) { send({ id, error: { code: error.code ?? -32603, message: error.message } }) }
  }).on('close', () => process.exit(0))
}
`

/** Writes the agent into the folder it will work in. @returns how it is started */
export function rudeAgent(
  folder: string,
  script = 'main()',
): { readonly command: string; readonly args: readonly string[] } {
  const file = join(folder, 'rude-agent.cjs')
  writeFileSync(file, bones + script)
  return { command: process.execPath, args: [file] }
}
