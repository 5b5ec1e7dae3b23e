/** A prompt whose page or server dies after the page handed it over and before the answer came back. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findChromium, launchChromium, rudeAgent, temporaryFolder } from '@belay/testing/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RealWorld, startRealWorld } from './testing/real-world.ts'

let world: RealWorld
let agent: RealWorld['agent']
let browser: Browser
let context: BrowserContext
let page: Page

beforeAll(async () => {
  world = await startRealWorld()
  const { command, args } = rudeAgent(temporaryFolder('agent'))
  agent = { command, args: [...args] }
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await world.end()
})
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
  page = await context.newPage()
})
afterEach(async () => context.close())

const end = { timeout: 30_000 }
const field = (): ReturnType<Page['getByRole']> => page.getByRole('textbox', { name: 'Prompt' })
const send = (): ReturnType<Page['getByRole']> => page.getByRole('button', { name: 'Send' })

/** A session whose first turn is over. */
async function openSession(first: string): Promise<string> {
  const id = await world.create(first, agent)
  await page.goto(`${world.url}/s/${id}#token=${world.token}`)
  await page.getByText('The agent finished.').waitFor(end)
  return id
}

/** @returns how often the session took these words, and how often its agent heard them */
async function times(id: string, words: string): Promise<readonly [number, number]> {
  const { events } = await world.client.call('events', { id, after: 0 })
  const taken = events.filter((event) => event.type === 'prompt-accepted' && event.text === words)
  const file = join(world.folder, 'heard')
  const heard = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return [taken.length, heard.filter((line) => line === words).length]
}

describe.skipIf('missing' in findChromium(process.env))('a prompt that was handed over', () => {
  test('[W-12] [W-13] the server dies before it has read the prompt: the draft stays, and sent again it runs once', async () => {
    const words = 'handed to a server that never read it'
    const id = await openSession('first of the unread')
    world.freezeServer()
    await field().fill(words)
    await send().click()
    await page.getByText('Sending …').waitFor(end)
    await world.killServer()
    await page.getByText(/Not sent yet/).waitFor(end)
    expect(await field().inputValue()).toBe(words)
    await world.restartServer()
    await expect.poll(() => send().isEnabled(), end).toBe(true)
    expect(await times(id, words)).toEqual([0, 0])
    await send().click()
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    await expect.poll(() => field().inputValue()).toBe('')
    expect(await times(id, words)).toEqual([1, 1])
  })

  test('[W-13] the server dies with the prompt stored and its answer unsent: the log empties the draft, and it runs once', async () => {
    const words = 'stored by a server that could not say so'
    // Else the stream may well say it before the server is dead.
    let deaf = false
    await page.routeWebSocket(/\/stream/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        if (!deaf) socket.send(message)
      })
    })
    const id = await openSession('first of the unsaid')
    await page.route('**/prompts', async (route) => {
      deaf = true
      await route.fetch()
      await world.killServer()
      await route.abort('connectionreset')
    })
    await field().fill(words)
    await send().click()
    await page.getByText(/Not sent yet/).waitFor(end)
    expect(await field().inputValue()).toBe(words)
    await page.unroute('**/prompts')
    deaf = false
    await world.restartServer()
    await expect.poll(() => field().inputValue(), end).toBe('')
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    expect(await page.getByText(/Not sent yet/).count()).toBe(0)
    expect(await times(id, words)).toEqual([1, 1])
  })

  test('[W-12] [W-13] the tab crashes before the answer: the next one has the draft or the prompt, and it runs once', async () => {
    const words = 'handed over by a tab that crashed'
    const id = await openSession('first of the crashed')
    world.freezeServer()
    await field().fill(words)
    await send().click()
    await page.getByText('Sending …').waitFor(end)
    const devtools = await context.newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    // It is never answered: who would answer has crashed.
    devtools.send('Page.crash').catch(() => undefined)
    await crashed
    world.thawServer()
    page = await context.newPage()
    await page.goto(`${world.url}/s/${id}`)
    // Whether the server reads what a dead tab has sent is for the two systems between them; neither may cost anything.
    await expect
      .poll(async () => [await field().inputValue(), (await times(id, words))[0]], end)
      .toBeOneOf([
        [words, 0],
        ['', 1],
      ])
    const [taken] = await times(id, words)
    console.info(`the crashed tab's prompt was ${taken === 1 ? 'taken' : 'still a draft'}`)
    if (taken === 0) await send().click()
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    await expect.poll(() => field().inputValue()).toBe('')
    expect(await times(id, words)).toEqual([1, 1])
  })
})
