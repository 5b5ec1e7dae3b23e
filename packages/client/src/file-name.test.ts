import { expect, test } from 'vitest'
import { fileKey, shownName } from './file-name.ts'

test('[V-160] what a name would make a screen do is shown, and a plain name is shown as it is', () => {
  expect(shownName('src/für dich “1”.ts')).toBe('src/für dich “1”.ts')
  expect(shownName('a\nb\tc\rd')).toBe('a\\nb\\tc\\rd')
  expect(shownName('\u001B[2Jx\u202Egpj.exe\u2066\u200B\uFEFF')).toBe(
    '\\u{001b}[2Jx\\u{202e}gpj.exe\\u{2066}\\u{200b}\\u{feff}',
  )
  // Letters that some scripts are not written without.
  expect(shownName('می\u200Cخواهم 👩\u200D💻')).toBe('می\u200Cخواهم 👩\u200D💻')
})

test('[V-160] files whose names look alike are told apart by their bytes', () => {
  const odd = { path: 'a\\xff', bytes: Buffer.from([97, 255]).toString('hex') }
  expect(fileKey(odd)).not.toBe(fileKey({ path: 'a\\xff' }))
  expect(fileKey(odd)).not.toBe(fileKey({ path: odd.bytes }))
  expect(fileKey(odd)).toBe(fileKey({ ...odd, path: 'otherwise shown' }))
})
