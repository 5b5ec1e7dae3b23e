/** A flood through all of Belay, from a real agent's process to a slow browser. */
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { startSession, test, withoutBrowser } from './testing/browser-test.ts'
import { floodAgent } from './testing/flood-agent.ts'
import type { RealWorld } from './testing/real-world.ts'

const total = 100_000
/** How much slower than this machine the viewer's is. */
const slowdown = 4
/**
 * The longest a key may wait to be drawn on the slow machine. No speed is held to it, only that nothing which grows
 * with the flood stands before a key: reading all of it at once takes tens of seconds there.
 */
const keyMsMax = 3000

/** From now on the page notes its long tasks, and how long each key waited until it was drawn. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(`{
    globalThis.longTasks = []
    globalThis.keyWaits = []
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.longTasks.push(Math.round(entry.duration))
    }).observe({ type: 'longtask' })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if (entry.name === 'keydown') globalThis.keyWaits.push(Math.round(entry.duration))
    }).observe({ type: 'event', durationThreshold: 16 })
  }`)
}

async function numbers(page: Page, name: string): Promise<readonly number[]> {
  const said: unknown = await page.evaluate(`globalThis.${name}`)
  return Array.isArray(said) ? said.map(Number) : []
}

/** Types until the page shows the end. @returns what was typed */
async function typeUntilEnd(page: Page): Promise<string> {
  const end = page.getByText('The end of the flood.')
  await page.getByRole('textbox', { name: 'Prompt' }).focus()
  let typed = ''
  while ((await end.count()) === 0) {
    await page.keyboard.press('x')
    typed += 'x'
    await page.waitForTimeout(200)
  }
  return typed
}

/** @returns the numbers of the whole log, and its last text */
async function wholeLog(
  world: RealWorld,
  id: string,
): Promise<{ seqs: number[]; lastText: string | undefined }> {
  const seqs: number[] = []
  let lastText: string | undefined
  for (;;) {
    const { events } = await world.client.call('events', { id, after: seqs.length, limit: 1000 })
    if (events.length === 0) return { seqs, lastText }
    for (const event of events) {
      seqs.push(event.seq)
      if (event.type === 'text') lastText = event.text
    }
  }
}

describe.skipIf(withoutBrowser)('a flood and a slow browser', () => {
  test('[W-71] 100,000 events of a real agent reach a slow browser whole, and it answers every key meanwhile', async ({
    world,
    page,
  }) => {
    await watch(page)
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    const id = await startSession(page, world, `flood ${total}`, floodAgent())
    const field = page.getByRole('textbox', { name: 'Prompt' })
    await field.waitFor()
    const began = Date.now()
    const typed = await typeUntilEnd(page)
    const ms = Date.now() - began
    const [tasks, keys] = [await numbers(page, 'longTasks'), await numbers(page, 'keyWaits')]
    await devtools.send('HeapProfiler.collectGarbage')
    const { usedSize } = await devtools.send('Runtime.getHeapUsage')
    console.info(
      `flood of ${total} events, a browser ${slowdown} times slower: ${ms} ms, ${tasks.length} long tasks, the longest ${Math.max(0, ...tasks)} ms; ${typed.length} keys, the slowest drawn after ${Math.max(0, ...keys)} ms; heap ${Math.round(usedSize / 2 ** 20)} MiB`,
    )
    expect(typed.length).toBeGreaterThan(5)
    expect(Math.max(0, ...keys)).toBeLessThan(keyMsMax)
    expect(await field.inputValue()).toBe(typed)
    expect(await page.getByRole('article').count()).toBeLessThan(120)
    await page.getByText('The agent finished.').waitFor()

    const { seqs, lastText } = await wholeLog(world, id)
    expect(seqs.length).toBeGreaterThan(total)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(lastText).toBe('The end of the flood.')
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
    for (const n of [2, total / 4, total / 2, total]) {
      const first = seqs.length - total
      await page.goto(`${world.url}/s/${id}#seq=${first + n}`)
      await page.getByRole('article', { name: `Tool: Step ${n}`, exact: true }).waitFor()
    }
  }, 300_000)
})
