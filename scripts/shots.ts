/**
 * `npm run shots`: a picture of each screen of the page, light and dark, into `docs/img`. The sessions are scripted; all
 * else is the page as it is built.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import { buildPage } from '../apps/web/src/testing/build-page.ts'
import { PageServer } from '../apps/web/src/testing/page-server.ts'
import { openScene, scenes } from '../apps/web/src/testing/screens.ts'
import { fillScenes } from '../apps/web/src/testing/scenes.ts'

const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' } },
})
const folder = values.out ?? join(import.meta.dirname, '../docs/img')
mkdirSync(folder, { recursive: true })
const dist = temporaryFolder('shots')
await buildPage(dist)
const browser = await launchChromium()
let bytes = 0
for (const scheme of ['light', 'dark'] as const) {
  for (const scene of scenes) {
    if (values.only !== undefined && !scene.name.includes(values.only)) continue
    const server = new PageServer(dist)
    await server.start()
    fillScenes(server, Date.now())
    const context = await browser.newContext({
      viewport: scene.narrow === true ? { width: 390, height: 760 } : { width: 1120, height: 720 },
      colorScheme: scheme,
      locale: 'en-GB',
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await openScene(page, server, scene)
    const path = join(folder, `${scene.name}-${scheme}.png`)
    await page.screenshot({ path })
    bytes += statSync(path).size
    console.log(path)
    await context.close()
    await server.stop()
  }
}
console.log(`${Math.round(bytes / 1024)} KiB`)
await browser.close()
removeFolder(dist)
