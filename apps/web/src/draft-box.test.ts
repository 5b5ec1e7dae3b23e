import { unanswered } from '@belay/client'
import { type Client, createClient } from '@belay/client/webapi'
import { beforeAll, expect, test } from 'vitest'
import { DraftBox, readDraft } from './draft-box.ts'
import type { Shelf } from './shelf.ts'

/** A browser's storage that outlives a page. */
class MemoryShelf implements Shelf {
  readonly kept = new Map<string, string>()
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value)
  }
  removeItem(key: string): void {
    this.kept.delete(key)
  }
}

/** A client whose network is a function of the request. */
function clientThat(
  answer: (body: Record<string, unknown>) => Response | Promise<Response>,
): Client {
  return createClient({
    url: 'http://server',
    token: 't',
    fetch: async (_url, init) =>
      answer(JSON.parse(typeof init?.body === 'string' ? init.body : '{}')),
  })
}

function accepted(body: Record<string, unknown>): Response {
  return Response.json({ session: 's', promptId: body['promptId'], state: 'queued' })
}
function refused(): Response {
  return Response.json(
    {
      error: {
        code: 'queue-full',
        message: 'Ten prompts wait already.',
        action: 'Wait for a turn to end.',
      },
    },
    { status: 429 },
  )
}

beforeAll(() => {
  // The page's frames are the browser's; here each one is at once.
  Object.assign(globalThis, { requestAnimationFrame: (run: () => void) => queueMicrotask(run) })
})

test('[W-12] what was typed is there for the next page', () => {
  const shelf = new MemoryShelf()
  new DraftBox('s', shelf).type('half a thou')
  expect(new DraftBox('s', shelf).draft.value.text).toBe('half a thou')
  expect(new DraftBox('other', shelf).draft.value.text).toBe('')
})

test('[W-12] an accepted prompt leaves nothing behind, and what was typed meanwhile stays', async () => {
  const shelf = new MemoryShelf()
  const box = new DraftBox('s', shelf)
  box.type('first')
  await box.send(clientThat(accepted))
  expect(box.draft.value.text).toBe('')
  expect(shelf.kept.size).toBe(0)

  box.type('second')
  await box.send(
    clientThat((body) => {
      box.type('second, and more')
      return accepted(body)
    }),
  )
  expect(new DraftBox('s', shelf).draft.value.text).toBe('second, and more')
})

test('[W-23] a refused prompt stays with the reason and the action, and goes again under a new id', async () => {
  const ids: unknown[] = []
  const box = new DraftBox('s', new MemoryShelf())
  box.type('too many')
  await box.send(
    clientThat((body) => {
      ids.push(body['promptId'])
      return refused()
    }),
  )
  expect(box.draft.value).toMatchObject({
    text: 'too many',
    problem: 'Ten prompts wait already. Wait for a turn to end.',
  })
  await box.send(
    clientThat((body) => {
      ids.push(body['promptId'])
      return accepted(body)
    }),
  )
  expect(new Set(ids).size).toBe(2)
  expect(box.draft.value.text).toBe('')
})

test('[W-13] no answer, then a reload: the same id goes again', async () => {
  const shelf = new MemoryShelf()
  const ids: unknown[] = []
  const box = new DraftBox('s', shelf)
  box.type('did it arrive?')
  await box.send(
    clientThat((body) => {
      ids.push(body['promptId'])
      throw new TypeError('the network is gone')
    }),
  )
  expect(unanswered(box.draft.value)).toBeDefined()

  const reloaded = new DraftBox('s', shelf)
  expect(reloaded.draft.value.text).toBe('did it arrive?')
  await reloaded.send(
    clientThat((body) => {
      ids.push(body['promptId'])
      return accepted(body)
    }),
  )
  expect(ids).toHaveLength(2)
  expect(ids[0]).toBe(ids[1])
  expect(reloaded.draft.value.text).toBe('')
})

test('[W-13] no answer, then the log shows it: the draft is settled without another sending', async () => {
  const shelf = new MemoryShelf()
  let promptId = ''
  const box = new DraftBox('s', shelf)
  box.type('it did arrive')
  await box.send(
    clientThat((body) => {
      promptId = String(body['promptId'])
      throw new TypeError('the network is gone')
    }),
  )
  const reloaded = new DraftBox('s', shelf)
  reloaded.accepted('another')
  expect(reloaded.draft.value.text).toBe('it did arrive')
  reloaded.accepted(promptId)
  expect(reloaded.draft.value.text).toBe('')
})

test('[W-121] what goes again stops the turn it was to stop, and no other', async () => {
  const asked: unknown[] = []
  const away = clientThat(() => {
    throw new TypeError('the network is gone')
  })
  const back = clientThat((body) => {
    asked.push([body['text'], body['steer']])
    return accepted(body)
  })
  for (const turn of [3, 4, undefined]) {
    const shelf = new MemoryShelf()
    const box = new DraftBox('s', shelf)
    box.type('now')
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await box.send(away, 3)
    // oxlint-disable-next-line no-await-in-loop
    await new DraftBox('s', shelf).sendAgain(back, turn)
  }
  expect(asked).toEqual([
    ['now', true],
    ['now', undefined],
    ['now', undefined],
  ])
})

test('[W-12] an offered text is added to what was typed, never put in its place', () => {
  const box = new DraftBox('s', new MemoryShelf())
  box.add('Continue.')
  expect(box.draft.value.text).toBe('Continue.')
  box.type('But first this.')
  box.add('Continue.')
  expect(box.draft.value.text).toBe('But first this.\n\nContinue.')
})

test('[W-12] what another version stored does not break the page', () => {
  for (const stored of [null, '', 'null', '{', '[]', '"text"', '{"text":1}']) {
    expect(readDraft(stored).text).toBe('')
  }
  expect(readDraft('{"text":"kept","sent":{"promptId":7}}')).toEqual({ text: 'kept' })
})

test('[W-23] a failure that is neither a refusal nor an absence is not hidden', async () => {
  const box = new DraftBox('s', new MemoryShelf())
  box.type('x')
  const broken = { ...clientThat(refused), call: () => Promise.reject(new RangeError('a bug')) }
  await expect(box.send(broken)).rejects.toThrow('a bug')
})

test('[W-12] [W-70] what was attached is there for the next page, goes with the prompt, and leaves nothing behind', async () => {
  const shelf = new MemoryShelf()
  const file = { key: 'f1', name: 'a.png', type: 'image/png', bytes: 3, data: 'YWJj' }
  new DraftBox('s', shelf).type('look')
  new DraftBox('s', shelf).attach(file)
  const box = new DraftBox('s', shelf)
  expect(box.draft.value).toMatchObject({ text: 'look', files: [file] })
  let body: Record<string, unknown> = {}
  await box.send(
    clientThat((sent) => {
      body = sent
      return accepted(sent)
    }),
  )
  expect(body['attachments']).toEqual([{ name: 'a.png', type: 'image/png', data: 'YWJj' }])
  expect(box.draft.value.text).toBe('')
  expect(shelf.kept.size).toBe(0)
})

test('[W-12] a browser without room keeps no older state, and the page still has it', () => {
  const shelf = new MemoryShelf()
  const box = new DraftBox('s', shelf)
  shelf.setItem = () => {
    throw new Error('no room')
  }
  box.type('words')
  expect(box.draft.value.text).toBe('words')
  expect(new DraftBox('s', shelf).draft.value.text).toBe('')
})
