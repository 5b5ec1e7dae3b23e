import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { contentBlocks } from './content.ts'

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64')
const picture = { id: 'p.1', name: 'a.png', type: 'image/png', bytes: 7, data: base64('picture') }
const notes = {
  id: 'p.2',
  name: 'my notes.md',
  type: 'text/markdown',
  bytes: 9,
  data: base64('# Größe'),
}
const every = { image: true, resource: true }
const none = { image: false, resource: false }

test('[A-97] pictures and texts become the blocks an agent said it takes', () => {
  expect(contentBlocks('look', [picture, notes], every)).toEqual([
    { type: 'text', text: 'look' },
    { type: 'image', data: picture.data, mimeType: 'image/png' },
    {
      type: 'resource',
      resource: {
        uri: 'attachment:///my%20notes.md',
        mimeType: 'text/markdown',
        text: '# Größe',
      },
    },
  ])
})

test('[A-97] a text is handed over as text where resources are not taken', () => {
  expect(contentBlocks('look', [notes], none)).toEqual([
    { type: 'text', text: 'look' },
    { type: 'text', text: 'The attached file my notes.md:\n\n# Größe' },
  ])
})

test('[A-97] what cannot be handed over is named, and the prompt is not sent without it', () => {
  expect(contentBlocks('look', [picture], none)).toBe(
    'This agent takes no pictures, and a.png is one: send the prompt again without it. The agent was not given the prompt.',
  )
  const binary = { ...notes, name: 'a.bin', data: base64(new Uint8Array([0, 255, 254])) }
  expect(contentBlocks('look', [binary], every)).toMatch(/^a\.bin is neither a picture nor a text/)
  expect(contentBlocks('look', [{ ...notes, data: undefined }], every)).toMatch(/is lost/)
})
