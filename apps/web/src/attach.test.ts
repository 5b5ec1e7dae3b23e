import type { DraftFile } from '@belay/client'
import { limits } from '@belay/protocol'
import { expect, test } from 'vitest'
import { attachRefusal, readFile } from './attach.ts'

const held = (bytes: number): DraftFile => ({
  key: 'f',
  name: 'a.txt',
  type: 'text/plain',
  bytes,
  data: '',
})

test('[W-67] files go as long as a prompt takes them, then the sentence says why and what to do', () => {
  expect(attachRefusal([], { name: 'b', bytes: limits.attachmentsBytesMax })).toBeUndefined()
  expect(attachRefusal([held(1)], { name: 'b', bytes: limits.attachmentsBytesMax })).toBe(
    'b was not attached: a prompt takes 512 KiB of files. Put it into the workspace and name it in the prompt.',
  )
  const many = Array.from({ length: limits.attachedFilesMax }, () => held(1))
  expect(attachRefusal(many, { name: 'b', bytes: 1 })).toMatch(/takes 8 files/)
  expect(attachRefusal([], { name: 'b', bytes: 0 })).toMatch(/it is empty/)
})

test('[W-67] a text is read whole, what is neither text nor picture is refused', async () => {
  const text = await readFile(new File(['Größe'], 'a/b.md', { type: 'text/markdown' }))
  expect(text).toMatchObject({
    name: 'a_b.md',
    type: 'text/markdown',
    bytes: 7,
    data: 'R3LDtsOfZQ==',
  })
  expect(await readFile(new File(['x'], 'LICENSE', { type: '' }))).toMatchObject({
    type: 'text/plain',
  })
  expect(await readFile(new File([new Uint8Array([0, 1, 255])], 'a.bin'))).toMatch(
    /neither a picture nor a text/,
  )
})
