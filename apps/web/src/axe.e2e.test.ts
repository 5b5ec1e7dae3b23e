/** What must hold on every screen and in every state of the page, in both themes. */
import { findChromium, launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildPage } from './testing/build-page.ts'
import { sum, weigh } from './testing/first-load.ts'
import { PageServer } from './testing/page-server.ts'
import { fillScenes } from './testing/scenes.ts'
import { openScene, scenes } from './testing/screens.ts'

const found = z.object({
  passes: z.number(),
  violations: z.array(
    z.object({ id: z.string(), impact: z.string().nullable(), targets: z.array(z.string()) }),
  ),
})

let dist: string
let browser: Browser | undefined

beforeAll(async () => {
  dist = temporaryFolder('axe')
  await buildPage(dist)
  if (!('missing' in findChromium(process.env))) browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  removeFolder(dist)
})

function started(): Browser {
  if (browser === undefined) throw new Error('the browser was not started')
  return browser
}

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

test('[W-49] the first load is at most 250 kB of script as it goes over the line', () => {
  const { scripts, later } = weigh(dist)
  expect(sum(scripts)).toBeGreaterThan(50_000)
  expect(sum(scripts)).toBeLessThanOrEqual(250_000)
  // Highlighting, the log and the palette are among what waits until it is needed.
  expect(later.length).toBeGreaterThan(2)
})

describe.skipIf('missing' in findChromium(process.env))('every screen', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.each(scenes)(
      `[W-47] no serious fault of accessibility, ${colorScheme}: $name`,
      async (scene) => {
        const server = new PageServer(dist)
        await server.start()
        fillScenes(server, Date.now())
        const context = await started().newContext({
          viewport:
            scene.narrow === true ? { width: 390, height: 760 } : { width: 1120, height: 720 },
          colorScheme,
          reducedMotion: 'reduce',
          // The page's policy allows no script but its own.
          bypassCSP: true,
        })
        try {
          const page = await context.newPage()
          await openScene(page, server, scene)
          const { passes, violations } = await faultsOf(page)
          const serious = violations.filter(
            ({ impact }) => impact === 'serious' || impact === 'critical',
          )
          expect(serious).toEqual([])
          expect(passes).toBeGreaterThan(10)
        } finally {
          await context.close()
          await server.stop()
        }
      },
    )
  }
})
