/** What each surface says of a session, and when it said a sentence for the first time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, ServerAway } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { z } from 'zod'
import { boundMs, type Failure, type Surface, surfaces } from './failure.ts'
import type { FailureWorld } from './failure-world.ts'

interface Told {
  readonly text: string
  readonly actions: readonly string[]
}

/** What one surface showed of a failure. */
export interface Showing extends Told {
  readonly surface: Surface
  /** After the fault; absent when it never said the sentence. */
  readonly ms?: number
}

/** After the bound a surface is late, and after this it is not waited for. */
const waitMs = 20_000
const lookEveryMs = 40

/** An agent that has not given up its model by then has none that failed. */
const triesMsMax = 60_000

/** @param from when the fault was, as `performance.now` has it */
export async function watchSurfaces(
  world: FailureWorld,
  failure: Failure,
  from: number,
): Promise<readonly Showing[]> {
  const until = from + boundMs(failure) + (failure.triesOfModel === true ? triesMsMax : waitMs)
  const wanted = failure.on ?? surfaces
  const watched = wanted.map((surface) => watchOne(world, failure, surface, { from, until }))
  const tries = failure.triesOfModel === true ? lastTries(world) : undefined
  const all = await Promise.all(watched)
  const late = Math.round((tries?.stop() ?? from) - from)
  return all.map(({ ms, ...one }) =>
    ms === undefined ? one : { ...one, ms: Math.max(0, ms - late) },
  )
}

/** Looks when the model was asked last, until it is stopped. */
function lastTries({ model }: FailureWorld): { stop(): number } {
  let count = model.requests().length
  let at = performance.now()
  const timer = setInterval(() => {
    const { length } = model.requests()
    if (length > count) at = performance.now()
    count = length
  }, lookEveryMs)
  return {
    stop() {
      clearInterval(timer)
      return at
    },
  }
}

async function watchOne(
  world: FailureWorld,
  failure: Failure,
  surface: Surface,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<Showing> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each look follows the one before
    const told = await read(world, surface)
    const now = performance.now()
    if (told.text.includes(failure.says) && hasActions(failure, surface, told))
      return { surface, ...told, ms: Math.round(now - from) }
    if (now > until) return { surface, ...told }
    // oxlint-disable-next-line no-await-in-loop
    await sleep(lookEveryMs)
  }
}

/** Whether what a person is to do is offered there. */
function hasActions({ act }: Failure, surface: Surface, { text, actions }: Told): boolean {
  switch (surface) {
    case 'API':
      return act.api.every((action) => actions.includes(action))
    case 'why':
      return text.includes(act.why)
    case 'page':
      return act.page.every((name) => actions.includes(name))
    case 'ls':
    case 'list':
      return true
  }
}

export async function read(world: FailureWorld, surface: Surface): Promise<Told> {
  switch (surface) {
    case 'API':
      return readApi(world)
    case 'ls':
      return { text: await world.belay('ls'), actions: [] }
    case 'why':
      return { text: await world.belay('why', world.session), actions: [] }
    case 'list':
    case 'page':
      return readPage(world, surface)
  }
}

async function readApi({ client, session }: FailureWorld): Promise<Told> {
  try {
    const view = await client.call('getSession', { id: session })
    return { text: view.why, actions: actionsOf(view) }
  } catch (error) {
    if (error instanceof ApiError || error instanceof ServerAway)
      return { text: error.message, actions: [] }
    throw error
  }
}

/** What a program may do, as the session's view says it. */
function actionsOf({ status, undecided, agentLink, permissions }: SessionView): readonly string[] {
  return [
    ...(undecided?.turns.at(-1)?.actions ?? []),
    ...(status === 'attention' ? ['retry'] : []),
    ...(permissions.length > 0 ? ['answer'] : []),
    ...(agentLink?.actions ?? []),
  ]
}

const shown = z.object({ text: z.string(), actions: z.array(z.string()) })

/** The text of the list's row with what it says when pointed at, or of all that is beside the list. */
async function readPage({ page, session }: FailureWorld, surface: 'list' | 'page'): Promise<Told> {
  const root = surface === 'page' ? 'main' : `.list a[href$="/s/${session}"]`
  const answer: unknown = await page.evaluate(`(() => {
    const root = document.querySelector(${JSON.stringify(root)})
    if (root === null) return { text: '', actions: [] }
    const titles = [...root.querySelectorAll('[title]')].map((one) => one.title)
    const buttons = [...root.querySelectorAll('button')].filter((one) => one.checkVisibility())
    return {
      text: [root.innerText, ...titles].join('\\n'),
      actions: buttons.map((one) => (one.getAttribute('aria-label') ?? one.textContent).trim()),
    }
  })()`)
  return shown.parse(answer)
}
