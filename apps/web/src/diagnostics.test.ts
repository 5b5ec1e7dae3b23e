import type { SessionEvent } from '@belay/protocol'
import { expect, test } from 'vitest'
import { diagnosticText, type Diagnosis } from './diagnostics.ts'

function diagnosis(...texts: readonly string[]): Diagnosis {
  return {
    at: '2026-01-01T00:00:00.000Z',
    page: { address: 'http://127.0.0.1/s/s1', browser: 'Test' },
    server: { version: '1', protocol: 1 },
    session: undefined,
    why: undefined,
    events: texts.map((text, index) => ({ seq: index + 1, at: 1, type: 'text', turn: 1, text })),
  }
}

test('[W-43] no secret of a known shape is told, and what is around it stays', () => {
  // Put together here, so that this file holds nothing that looks like a key.
  const kind = ['RSA PRIVATE', 'KEY-----'].join(' ')
  const secrets = [
    'Authorization: Bearer abcdef.123456789',
    'https://me:hunter22@host/repo.git',
    'export OPENAI_API_KEY=sk-proj-abcdefghijk',
    'key sk-live-abcdefghijkl here',
    ['ghp', 'abcdefghij0123456789'].join('_'),
    ['github', 'pat', '11ABCDEFG0123456789'].join('_'),
    ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
    'eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4',
    'DB_PASSWORD: "correct horse"',
    [`-----BEGIN ${kind}`, 'MIIB', `-----END ${kind}`].join('\n'),
  ]
  const text = diagnosticText(diagnosis(...secrets), [])
  for (const part of [
    'abcdef.123',
    'hunter22',
    'abcdefghij',
    'AKIA',
    'SflKx',
    'correct',
    'MIIB',
    '11ABC',
  ])
    expect(text).not.toContain(part)
  expect(text).toContain('https://me:[redacted]@host/repo.git')
  expect(text).toContain('Authorization: Bearer [redacted]')
})

test('[W-43] the page’s own token and fields named as secrets are not told, wherever they are', () => {
  const tool: SessionEvent = {
    seq: 9,
    at: 1,
    type: 'tool',
    turn: 1,
    toolCallId: 't',
    title: 'Look at /?x=my-own-token now',
    rawInput: { token: 'plainword', headers: { authorization: 'Basic 1' }, path: '/a' },
  }
  const text = diagnosticText({ ...diagnosis(), events: [tool] }, ['my-own-token'])
  for (const part of ['my-own-token', 'plainword', 'Basic']) expect(text).not.toContain(part)
  expect(text).toContain('"path": "/a"')
})

test('[W-43] the last 200 events are told, and of a long text its beginning', () => {
  const many = Array.from({ length: 250 }, (_, index) => `line ${index}`)
  const told: unknown = JSON.parse(diagnosticText(diagnosis(...many, 'x'.repeat(9000)), []))
  expect(told).toMatchObject({ events: { length: 200 } })
  expect(JSON.stringify(told).length).toBeLessThan(40_000)
  expect(JSON.stringify(told)).toContain('[7000 more characters]')
})
