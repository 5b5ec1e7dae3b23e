/**
 * What a test in a real browser stands on: a page, and behind it a server whose sessions are scripted (`server`) or a
 * whole Belay (`world`). Only what a test names is made, once for each file or anew for each test.
 *
 * 1. A test fails when a page threw, whoever opened that page.
 * 2. What was made is ended when the test or the file is over, however it went: first the pages, then what they look at.
 */
import { findChromium, launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { test as plainTest } from 'vitest'
import { buildPage } from './build-page.ts'
import { PageServer } from './page-server.ts'
import { type RealWorld, startRealWorld } from './real-world.ts'

/** Then tests in a browser are skipped, which `npm test` says loudly, and nothing is built or started for them. */
export const withoutBrowser = 'missing' in findChromium(process.env)

const wide: BrowserContextOptions = { viewport: { width: 1200, height: 800 } }
const none: readonly string[] = []

// What is made first is ended last.
export const test = plainTest
  /** The folder of the page as it is served. */
  .extend('dist', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dist = temporaryFolder('page')
    onCleanup(() => removeFolder(dist))
    await buildPage(dist)
    return dist
  })
  .extend('world', { scope: 'file' }, async ({}, { onCleanup }) => {
    const world = await startRealWorld()
    onCleanup(() => world.end())
    return world
  })
  .extend('server', async ({ dist }, { onCleanup }) => {
    const server = new PageServer(dist)
    onCleanup(() => server.stop())
    await server.start()
    return server
  })
  /** Arguments that Playwright would start the browser with, and the tests of a file do not want. */
  .extend('leftOut', { scope: 'file' }, none)
  .extend('browser', { scope: 'file' }, async ({ leftOut }, { onCleanup }) => {
    const browser = await launchChromium(leftOut)
    onCleanup(() => browser.close())
    return browser
  })
  .extend('contextOptions', wide)
  /** A new profile. */
  .extend('context', async ({ browser, contextOptions }, { onCleanup }) => {
    const context = await browser.newContext(contextOptions)
    const thrown: string[] = []
    context.on('weberror', (error) => thrown.push(error.error().message))
    onCleanup(async () => {
      await context.close()
      if (thrown.length > 0) throw new Error(`the page threw: ${thrown.join('; ')}`)
    })
    return context
  })
  .extend('page', ({ context }) => context.newPage())

/** Opens a path of the scripted server by its link with the token. */
export async function signIn(page: Page, server: PageServer, path = '/'): Promise<void> {
  await page.goto(`${server.url}${path}#token=${server.token}`)
  await page.getByRole('navigation', { name: 'Sessions' }).waitFor()
}

/** Makes a session with its first prompt and opens it by its link with the token. @returns its id */
export async function startSession(
  page: Page,
  world: RealWorld,
  prompt: string,
  agent = world.agent,
): Promise<string> {
  const id = await world.create(prompt, agent)
  await page.goto(`${world.url}/s/${id}#token=${world.token}`)
  return id
}
