import { expect, test } from 'vitest'
import { readEventStream } from './sse.ts'

async function read(chunks: readonly string[]): Promise<string[]> {
  const said: string[] = []
  const bytes = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes.encode(chunk))
      controller.close()
    },
  })
  await readEventStream(body, { text: (text) => said.push(text), alive: () => {} })
  return said
}

test('[V-45] an event stream gives the same messages however its bytes are cut', async () => {
  const stream =
    ': hello\n\nid: 4\nevent: x\ndata: {"a":"ä"}\n\ndata:one\r\ndata: two\r\n\r\ndata: cut'
  const expected = ['{"a":"ä"}', 'one\ntwo']
  expect(await read([stream])).toEqual(expected)
  expect(await read(stream.split(''))).toEqual(expected)
})
