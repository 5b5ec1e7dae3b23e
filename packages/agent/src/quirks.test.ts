import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quirks, signsOf } from './quirks.ts'

const root = join(import.meta.dirname, '../../..')

test('[A-64] the page shows the table, line by line', () => {
  const page = readFileSync(join(root, 'docs/agents.md'), 'utf8')
  const [, table = ''] = page.split(/<!-- (?:end of )?what agents get wrong -->/)
  const rows = table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(/\s*\|\s*/).slice(1, -1))
  expect(rows.slice(1).filter(([first = '']) => !/^-+$/.test(first))).toEqual(
    quirks.map(({ agents, wrong, seen, done, rule }) => [
      agents.join(', '),
      wrong,
      seen,
      done,
      rule,
    ]),
  )
  expect(rows.length).toBe(quirks.length + 2)
})

test('[A-64] each line has an id of its own and a rule of the specification', () => {
  const spec = readdirSync(join(root, 'spec'))
    .map((name) => readFileSync(join(root, 'spec', name), 'utf8'))
    .join('\n')
  for (const { rule } of quirks) expect(spec).toContain(`- **${rule}** `)
  expect(new Set(quirks.map(({ id }) => id)).size).toBe(quirks.length)
})

test('[A-64] a sign is known by what the agent calls itself, and only there', () => {
  expect(Object.keys(signsOf('@agentclientprotocol/codex-acp'))).toEqual(['isRetry', 'modelFailed'])
  const { notice } = signsOf('@agentclientprotocol/claude-agent-acp')
  const message = { type: 'system', subtype: 'api_retry', attempt: 1 }
  expect(notice?.('_claude/sdkMessage', { sessionId: 's', message })).toEqual({
    sessionId: 's',
    update: { ...message, sessionUpdate: 'retry' },
  })
  const content = [{ type: 'text', text: 'Your response above was cut off mid-stream. Resume.' }]
  const cut = { type: 'user', isSynthetic: true, message: { role: 'user', content } }
  expect(notice?.('_claude/sdkMessage', { sessionId: 's', message: cut })).toEqual({
    sessionId: 's',
    update: { sessionUpdate: 'retry', type: 'cut-off', message: content[0]?.text },
  })
  // The same words of a person are no sign.
  const asked = { ...cut, isSynthetic: false }
  expect(notice?.('_claude/sdkMessage', { sessionId: 's', message: asked })).toBeUndefined()
  expect(notice?.('_claude/other', { sessionId: 's', message })).toBeUndefined()
  expect(notice?.('_claude/sdkMessage', { sessionId: 's', message: {} })).toBeUndefined()
  expect(signsOf('codex-acp')).toEqual({})
  expect(signsOf(undefined)).toEqual({})
})
