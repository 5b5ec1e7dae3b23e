/**
 * `npm run shots`: a picture of each screen of the page, light and dark, into `docs/img`. The sessions are scripted; all
 * else is the page as it is built. With `--width 390` all are as wide as that; one that is as narrow as a phone is one,
 * touched and without keys. `--only held,frozen` makes those whose name holds one of the words.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import { buildPage } from '../apps/web/src/testing/build-page.ts'
import { PageServer } from '../apps/web/src/testing/page-server.ts'
import { openScene, type Scene, scenes } from '../apps/web/src/testing/screens.ts'
import { fillScenes } from '../apps/web/src/testing/scenes.ts'

const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, width: { type: 'string' } },
})
const only = values.only?.split(',')
const folder = values.out ?? join(import.meta.dirname, '../docs/img')
mkdirSync(folder, { recursive: true })
const dist = temporaryFolder('shots')
await buildPage(dist)
const browser = await launchChromium()
let bytes = 0
for (const scheme of ['light', 'dark'] as const) {
  for (const scene of scenes) {
    if (only !== undefined && !only.some((word) => scene.name.includes(word))) continue
    const server = new PageServer(dist)
    await server.start()
    fillScenes(server, Date.now())
    const context = await browser.newContext({
      ...sizeOf(scene),
      colorScheme: scheme,
      locale: 'en-GB',
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await openScene(page, server, scene)
    const path = join(folder, `${scene.name}-${scheme}.webp`)
    const picture = await small(await page.screenshot())
    writeFileSync(path, picture)
    bytes += picture.length
    console.log(`${path} ${Math.round(picture.length / 1024)} KiB`)
    await context.close()
    await server.stop()
  }
}
console.log(`${Math.round(bytes / 1024)} KiB in all`)
await browser.close()
removeFolder(dist)

function sizeOf(scene: Scene) {
  const width = Number(values.width ?? (scene.narrow === true ? 390 : 1120))
  const isPhone = width <= 390
  return {
    viewport: { width, height: isPhone ? 760 : 720 },
    isMobile: isPhone,
    hasTouch: isPhone,
  }
}

/** As WebP, which the browser itself can write: a fifth of the PNG, for a repository that keeps them all. */
async function small(png: Buffer): Promise<Buffer> {
  const page = await browser.newPage()
  const url: unknown = await page.evaluate(`(async () => {
    const answer = await fetch('data:image/png;base64,${png.toString('base64')}')
    const bitmap = await createImageBitmap(await answer.blob())
    const canvas = document.createElement('canvas')
    canvas.width = bitmap.width
    canvas.height = bitmap.height
    canvas.getContext('2d').drawImage(bitmap, 0, 0)
    return canvas.toDataURL('image/webp', 0.9)
  })()`)
  await page.close()
  const [head, data] = String(url).split(',')
  if (head !== 'data:image/webp;base64' || data === undefined)
    throw new Error('this browser writes no WebP')
  return Buffer.from(data, 'base64')
}
