/** What must hold on every screen where there is little room and no key, with an agent that offers much. */
import type { Locator } from 'playwright-core'
import { describe, expect } from 'vitest'
import { test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import { fitOf } from './testing/fit.ts'
import { fillScenes } from './testing/scenes.ts'
import { openScene, scenes } from './testing/screens.ts'

const test = browserTest.extend('contextOptions', {
  viewport: { width: 390, height: 760 },
  isMobile: true,
  hasTouch: true,
  reducedMotion: 'reduce',
})

describe.skipIf(withoutBrowser)('a phone', () => {
  test.for(scenes)(
    '[W-124] [W-125] [W-126] fits, is read whole and tells of no keys: $name',
    async (scene, { server, page }) => {
      fillScenes(server, Date.now())
      await openScene(page, server, scene)
      for (const width of [390, 280]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await page.setViewportSize({ width, height: 760 })
        // oxlint-disable-next-line no-await-in-loop
        expect(await page.evaluate('innerWidth')).toBe(width)
        // oxlint-disable-next-line no-await-in-loop
        const { controls, misfits, keys } = await fitOf(page)
        expect(misfits, `at ${width} px`).toEqual([])
        expect(controls.length).toBeGreaterThan(1)
        // Whoever opens the table of keys, or the search for commands, asked for them.
        if (scene.name !== 'keys') expect(keys).toBe(0)
        if (scene.name === 'queue')
          for (const name of ['Mode', 'Model', 'Stop', 'Steer', 'Queue'])
            expect(controls).toContain(name)
      }
    },
  )

  test('[W-126] what was touched has its buttons under it, and a prompt’s receipts too', async ({
    server,
    page,
  }) => {
    fillScenes(server, Date.now())
    await openScene(page, server, { name: 'touched', path: '/s/asks', text: 'Allow once' })
    const tools = page.locator('.item-tools').filter({ visible: true })
    for (const words of ['The provider takes', 'Read src/pay.ts', 'Payments that time out']) {
      const item = page.locator('.item').filter({ hasText: words })
      const shown = async () => {
        // Whoever touches a transcript that just moves touches something else, and touches again.
        if ((await item.locator(tools).count()) === 0) await item.getByText(words).tap()
        return item.locator(tools).count()
      }
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect.poll(shown).toBe(1)
      // oxlint-disable-next-line no-await-in-loop
      expect(await tools.count()).toBe(1)
      // oxlint-disable-next-line no-await-in-loop
      const gap = await item.evaluate((one) => {
        const [last, ...others] = [...one.children].toReversed()
        const ends = others.map((part) => part.getBoundingClientRect().bottom)
        return (last?.getBoundingClientRect().top ?? 0) - Math.max(...ends)
      })
      expect(gap).toBeGreaterThanOrEqual(0)
    }
    const prompt = page.getByRole('article', { name: 'Prompt' })
    await prompt.locator('.receipts > .state').tap()
    const receipts = prompt.getByRole('tooltip')
    await receipts.waitFor()
    const end = async (on: Locator) => {
      const box = await on.boundingBox()
      return (box?.y ?? 0) + (box?.height ?? 0)
    }
    expect(await end(receipts)).toBeLessThanOrEqual(await end(prompt))
  })
})
