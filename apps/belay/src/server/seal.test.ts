import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSeal, gitPlace } from './seal.ts'

test('[K-22] a secret opens with its own key and for its own place, and with nothing else', () => {
  const seal = createSeal(randomBytes(32))
  const sealed = seal.close('whsec_c2VjcmV0', 'https://example.com/')
  expect(sealed).not.toContain('c2VjcmV0')
  expect(seal.close('whsec_c2VjcmV0', 'https://example.com/')).not.toBe(sealed)
  expect(seal.open(sealed, 'https://example.com/')).toBe('whsec_c2VjcmV0')
  expect(() => seal.open(sealed, 'https://example.org/')).toThrow(
    /authenticat|auth tag|authentication tag/i,
  )
  expect(() => createSeal(randomBytes(32)).open(sealed, 'https://example.com/')).toThrow(
    /authenticat|auth tag|authentication tag/i,
  )
  const [form, text = ''] = sealed.split('.')
  const bytes = Buffer.from(text, 'base64url')
  for (const at of [0, 12, 20, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() =>
      seal.open(`${form}.${changed.toString('base64url')}`, 'https://example.com/'),
    ).toThrow(/authenticat|auth tag|authentication tag/i)
  }
  expect(() =>
    seal.open(`${form}.${bytes.subarray(0, 20).toString('base64url')}`, 'https://example.com/'),
  ).toThrow(/authenticat|auth tag|authentication tag/i)
  expect(() => seal.open(`v2.${text}`, 'https://example.com/')).toThrow('v2')
})

test('[K-22] a mark tells whether secrets are the same, by the folder that made it', () => {
  const seal = createSeal(randomBytes(32))
  expect(seal.mark('a')).toBe(seal.mark('a'))
  expect(seal.mark('a')).not.toBe(seal.mark('b'))
  expect(createSeal(randomBytes(32)).mark('a')).not.toBe(seal.mark('a'))
})

test('[K-27] a token that was sealed for one address opens for no other', () => {
  const seal = createSeal(randomBytes(32))
  const sealed = seal.close('token', gitPlace('https://example.com/a.git'))
  expect(seal.open(sealed, gitPlace('https://example.com/a.git'))).toBe('token')
  expect(() => seal.open(sealed, gitPlace('https://example.org/a.git'))).toThrow(/authenticat/i)
})
