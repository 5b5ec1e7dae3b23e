/** A browser whose storage for this page is full to the last character. */
import { findChromium, launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPage } from './testing/build-page.ts'
import { PageServer } from './testing/page-server.ts'
import { fillScenes } from './testing/scenes.ts'

let dist: string
let browser: Browser

beforeAll(async () => {
  dist = temporaryFolder('full-storage')
  await buildPage(dist)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  removeFolder(dist)
})

/** @returns how many characters there was room for */
async function fill(page: Page): Promise<number> {
  return page.evaluate<number>(`{
    let count = 0
    for (let size = 1 << 22; size >= 1; size >>= 1) {
      for (;;) {
        try { localStorage.setItem('filler-' + count, 'x'.repeat(size)) } catch { break }
        count += size
      }
    }
    count
  }`)
}

describe.skipIf('missing' in findChromium(process.env))('a browser without room', () => {
  test('[W-75] what cannot be kept is said to be so, nothing else breaks, and with room again it is kept again', async () => {
    const server = new PageServer(dist)
    await server.start()
    fillScenes(server, Date.now())
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${server.url}/s/idle-0#token=${server.token}`)
    const field = page.getByRole('textbox', { name: 'Prompt' })
    await field.waitFor()
    expect(await fill(page)).toBeGreaterThan(1_000_000)
    const said = page.getByRole('alert').getByText(/This browser’s storage is full/)
    await field.fill('typed into a full browser')
    await said.waitFor()

    // A turn that is seen, a theme and a form have no room either.
    await page.goto(`${server.url}/s/finished`)
    await page.getByRole('heading', { name: 'Search for every word' }).waitFor()
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('textbox', { name: 'First prompt' }).fill('into a dialog')
    await said.waitFor()
    await page.keyboard.press('Escape')

    await page.goto(`${server.url}/s/idle-0`)
    await field.fill('and sent from there')
    await said.waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('list', { name: 'Queued prompts' }).getByText('and sent').waitFor()
    await expect.poll(() => said.count()).toBe(0)

    await page.evaluate(`for (const key of Object.keys(localStorage))
      if (key.startsWith('filler-')) localStorage.removeItem(key)`)
    await field.fill('there is room')
    expect(await said.count()).toBe(0)
    await page.reload()
    await expect.poll(() => field.inputValue()).toBe('there is room')
    expect(errors).toEqual([])
    await page.close()
    await server.stop()
  })
})
