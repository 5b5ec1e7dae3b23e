/** The server is away: what is of the past does not look alive, and what is asked of it meanwhile arrives when it is back. */
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { signIn, test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import { fillScenes } from './testing/scenes.ts'

const test = browserTest
  .extend('contextOptions', { viewport: { width: 1200, height: 800 } })
  .extend('server', ({ server }) => {
    fillScenes(server, Date.now())
    return server
  })

const back = { timeout: 15_000 }

/** The tones of the list, each once. */
async function tones(page: Page): Promise<readonly string[]> {
  const all = await page
    .locator('.list [data-tone]')
    .evaluateAll((each) => [...new Set(each.map((one) => one.getAttribute('data-tone') ?? ''))])
  return all.toSorted()
}

function prompt(page: Page) {
  return page.getByRole('textbox', { name: 'Prompt', exact: true })
}

describe.skipIf(withoutBrowser)('while the server is away', () => {
  for (const path of ['/', '/s/working'])
    test(`[W-123] nothing in the list looks alive, and it does again when the server is back: ${path}`, async ({
      server,
      page,
    }) => {
      await signIn(page, server, path)
      await expect.poll(() => tones(page)).toEqual(['bad', 'busy', 'good', 'idle', 'person'])
      const color = (on: string) =>
        page
          .locator(on)
          .first()
          .evaluate((one) => getComputedStyle(one).color)
      const group = ".list [data-group='finished']"
      const green = await color(group)
      await server.stop()
      await expect.poll(() => tones(page)).toEqual(['away', 'bad', 'idle', 'person'])
      expect(await color(group)).not.toBe(green)
      await server.start()
      await expect.poll(() => tones(page), back).toEqual(['bad', 'busy', 'good', 'idle', 'person'])
    })

  test('[W-123] a session whose agent is waited for looks the same in the list and in its chat', async ({
    server,
    page,
  }) => {
    const graceUntil = Date.now() + 60_000
    server.sessions
      .get('working')
      ?.change({ status: 'recovering', runner: { state: 'lost', generation: 1, graceUntil } })
    await signIn(page, server, '/s/working')
    const row = page.getByRole('link', { name: /nightly build/ })
    await row.getByText('Recovering').waitFor()
    const status = page.locator('.dock .status')
    await status.getByText(/Connection to the agent lost\. Waiting \d+ s more/).waitFor()
    await status.getByText('Recovering').waitFor()
    for (const place of [row, status])
      // oxlint-disable-next-line no-await-in-loop -- two places
      expect(await place.locator('.dot').getAttribute('data-tone')).toBe('person')
  })

  test('[W-121] a prompt and a Stop say that they did not arrive, and go by themselves when it is back', async ({
    server,
    page,
  }) => {
    await signIn(page, server, '/s/working')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await server.stop()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Not stopped yet: the server does not answer.').waitFor()
    await prompt(page).fill('and then this')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent yet: the server does not answer.').waitFor()
    expect(await prompt(page).inputValue()).toBe('and then this')
    await server.start()
    await expect.poll(() => prompt(page).inputValue(), back).toBe('')
    await expect.poll(() => page.getByText(/Not (?:sent|stopped) yet/).count(), back).toBe(0)
    const asked = server.asked.map(({ path, body }) => [path.split('/').at(-1), body])
    expect(asked).toHaveLength(2)
    expect(asked).toContainEqual(['interrupt', { turn: 1 }])
    expect(asked).toContainEqual([
      'prompts',
      { promptId: expect.any(String), text: 'and then this' },
    ])
  })

  test('[W-121] a prompt that was changed meanwhile waits for its person', async ({
    server,
    page,
  }) => {
    await signIn(page, server, '/s/working')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await server.stop()
    await prompt(page).fill('delete it')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent yet').waitFor()
    await prompt(page).fill('delete it, but keep a copy')
    expect(await page.getByText('Not sent yet').count()).toBe(0)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Not stopped yet').waitFor()
    await server.start()
    // The prompt would have gone with it.
    await expect.poll(() => server.asked.length, back).toBe(1)
    await prompt(page).press('Enter')
    await expect.poll(() => prompt(page).inputValue()).toBe('')
    expect(server.asked.map(({ body }) => body['text'])).toEqual([
      undefined,
      'delete it, but keep a copy',
    ])
  })

  test('[W-121] a Stop of a turn that is over by then stops no other', async ({ server, page }) => {
    await signIn(page, server, '/s/working')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await server.stop()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Not stopped yet').waitFor()
    await prompt(page).fill('goes by itself')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent yet').waitFor()
    const session = server.sessions.get('working')
    const turn = session?.view.turn
    if (turn === undefined) throw new Error('the scene has changed')
    session?.change({ turn: { ...turn, turn: 2 } })
    await server.start()
    await expect.poll(() => prompt(page).inputValue(), back).toBe('')
    expect(await page.getByText('Not stopped yet').count()).toBe(0)
    expect(server.asked.map(({ body }) => body['text'])).toEqual(['goes by itself'])
  })

  test('[W-122] a server that stands still is said where a prompt waits for it, long before it is given up', async ({
    server,
    page,
  }) => {
    await signIn(page, server, '/s/finished')
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    await page.route('**/prompts', async (route) => {
      await held
      await route.continue()
    })
    await prompt(page).fill('are you there?')
    await page.keyboard.press('Enter')
    await page.getByText('Sending …').waitFor()
    await page.getByText('Not sent yet: the server does not answer.').waitFor()
    letGo()
    await expect.poll(() => prompt(page).inputValue()).toBe('')
    expect(await page.getByText('Not sent yet').count()).toBe(0)
    expect(server.asked).toHaveLength(1)
  })
})
