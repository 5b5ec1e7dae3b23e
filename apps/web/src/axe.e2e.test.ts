/** What must hold on every screen and in every state of the page, in both themes. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import { sum, weigh } from './testing/first-load.ts'
import { fillScenes } from './testing/scenes.ts'
import { openScene, scenes } from './testing/screens.ts'

const found = z.object({
  passes: z.number(),
  violations: z.array(
    z.object({ id: z.string(), impact: z.string().nullable(), targets: z.array(z.string()) }),
  ),
})

const test = browserTest.extend('contextOptions', {
  viewport: { width: 1120, height: 720 },
  reducedMotion: 'reduce',
  // The page's policy allows no script but its own.
  bypassCSP: true,
})

/** The serious faults of what is on the screen, and how many checks passed. */
async function faultsOf(page: Page): Promise<z.infer<typeof found>> {
  await page.evaluate(axe.source)
  const answer: unknown = await page.evaluate(`axe.run().then(({ passes, violations }) => ({
    passes: passes.length,
    violations: violations.map(({ id, impact, nodes }) => ({
      id, impact, targets: nodes.map(({ target }) => target.join(' ')),
    })),
  }))`)
  return found.parse(answer)
}

test('[W-49] the first load is at most 250 kB of script as it goes over the line', ({ dist }) => {
  const { scripts, later } = weigh(dist)
  expect(sum(scripts)).toBeGreaterThan(50_000)
  expect(sum(scripts)).toBeLessThanOrEqual(250_000)
  // Highlighting, the log and the palette are among what waits until it is needed.
  expect(later.length).toBeGreaterThan(2)
})

describe.skipIf(withoutBrowser)('every screen', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.for(scenes)(
      `[W-47] no serious fault of accessibility, ${colorScheme}: $name`,
      async (scene, { server, page }) => {
        fillScenes(server, Date.now())
        if (scene.narrow === true) await page.setViewportSize({ width: 390, height: 760 })
        await page.emulateMedia({ colorScheme })
        await openScene(page, server, scene)
        const { passes, violations } = await faultsOf(page)
        const serious = violations.filter(
          ({ impact }) => impact === 'serious' || impact === 'critical',
        )
        expect(serious).toEqual([])
        expect(passes).toBeGreaterThan(10)
      },
    )
  }
})
