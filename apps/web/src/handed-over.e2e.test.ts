/** A prompt whose page or server dies after the page handed it over and before the answer came back. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { viewerBeatMs } from '@belay/protocol'
import { rudeAgent, temporaryFolder } from '@belay/testing/node'
import type { Locator, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { startSession, test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import type { RealWorld } from './testing/real-world.ts'

const end = { timeout: 30_000 }
const test = browserTest.extend('agent', { scope: 'file' }, () => {
  const { command, args } = rudeAgent(temporaryFolder('agent'))
  return { command, args: [...args] }
})

function field(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Prompt' })
}

function send(page: Page): Locator {
  return page.getByRole('button', { name: 'Send' })
}

/** @returns how often the session took these words, and how often its agent heard them */
async function times(
  world: RealWorld,
  id: string,
  words: string,
): Promise<readonly [number, number]> {
  const { events } = await world.client.call('events', { id, after: 0 })
  const taken = events.filter((event) => event.type === 'prompt-accepted' && event.text === words)
  const file = join(world.folder, 'heard')
  const heard = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return [taken.length, heard.filter((line) => line === words).length]
}

describe.skipIf(withoutBrowser)('a prompt that was handed over', () => {
  test('[W-12] [W-121] [W-122] the server freezes and dies before it has read the prompt: that is said, the draft stays, goes by itself and runs once', async ({
    world,
    agent,
    page,
  }) => {
    const words = 'handed to a server that never read it'
    const id = await startSession(page, world, 'first of the unread', agent)
    await page.getByText('The agent finished.').waitFor(end)
    world.freezeServer()
    await field(page).fill(words)
    await send(page).click()
    await page.getByText('Sending …').waitFor(end)
    await page.getByText(/Not sent yet/).waitFor({ timeout: 2 * viewerBeatMs })
    await world.killServer()
    expect(await field(page).inputValue()).toBe(words)
    await world.restartServer()
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    await expect.poll(() => field(page).inputValue()).toBe('')
    expect(await times(world, id, words)).toEqual([1, 1])
  })

  test('[W-13] the server dies with the prompt stored and its answer unsent: the log empties the draft, and it runs once', async ({
    world,
    agent,
    page,
  }) => {
    const words = 'stored by a server that could not say so'
    // Else the stream may well say it before the server is dead.
    let deaf = false
    await page.routeWebSocket(/\/stream/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        if (!deaf) socket.send(message)
      })
    })
    const id = await startSession(page, world, 'first of the unsaid', agent)
    await page.getByText('The agent finished.').waitFor(end)
    await page.route('**/prompts', async (route) => {
      deaf = true
      await route.fetch()
      await world.killServer()
      await route.abort('connectionreset')
    })
    await field(page).fill(words)
    await send(page).click()
    await page.getByText(/Not sent yet/).waitFor(end)
    expect(await field(page).inputValue()).toBe(words)
    await page.unroute('**/prompts')
    deaf = false
    await world.restartServer()
    await expect.poll(() => field(page).inputValue(), end).toBe('')
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    expect(await page.getByText(/Not sent yet/).count()).toBe(0)
    expect(await times(world, id, words)).toEqual([1, 1])
  })

  test('[W-12] [W-13] the tab crashes before the answer: the next one has the draft or the prompt, and it runs once', async ({
    world,
    agent,
    context,
    page,
  }) => {
    const words = 'handed over by a tab that crashed'
    const id = await startSession(page, world, 'first of the crashed', agent)
    await page.getByText('The agent finished.').waitFor(end)
    world.freezeServer()
    await field(page).fill(words)
    await send(page).click()
    await page.getByText('Sending …').waitFor(end)
    const devtools = await context.newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    // It is never answered: who would answer has crashed.
    devtools.send('Page.crash').catch(() => undefined)
    await crashed
    world.thawServer()
    const next = await context.newPage()
    await next.goto(`${world.url}/s/${id}`)
    // Whether the server reads what a dead tab has sent is for the two systems between them; the next tab sends it again.
    await next.getByText('The agent finished.').nth(1).waitFor(end)
    await expect.poll(() => field(next).inputValue()).toBe('')
    expect(await times(world, id, words)).toEqual([1, 1])
  })
})
