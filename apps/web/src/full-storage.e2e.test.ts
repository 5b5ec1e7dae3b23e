/** A browser whose storage for this page is full to the last character. */
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { signIn, test, withoutBrowser } from './testing/browser-test.ts'
import { fillScenes } from './testing/scenes.ts'

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

describe.skipIf(withoutBrowser)('a browser without room', () => {
  test('[W-75] what cannot be kept is said to be so, nothing else breaks, and with room again it is kept again', async ({
    server,
    page,
  }) => {
    fillScenes(server, Date.now())
    await signIn(page, server, '/s/idle-0')
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
  })
})
