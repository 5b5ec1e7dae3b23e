import { createServer } from 'node:http'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findChromium, launchChromium } from './chromium.ts'
import { closeServer, listenOnLoopback } from './loopback.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('[T-17] a browser is found by its name or its path, and else the sentence says what to do', () => {
  const folder = temporaryFolder('browser')
  const program = join(folder, 'chromium-browser')
  writeFileSync(program, '')
  expect(findChromium({ PATH: folder })).toEqual({ missing: expect.stringContaining('apt-get') })
  chmodSync(program, 0o755)
  expect(findChromium({ PATH: `/nowhere:${folder}` })).toEqual({ path: program })
  expect(findChromium({ CHROMIUM: program, PATH: '' })).toEqual({ path: program })
  expect(findChromium({ CHROMIUM: '/nowhere/chromium', PATH: folder })).toEqual({
    missing: 'CHROMIUM names /nowhere/chromium, which is no program here.',
  })
})

test.skipIf('missing' in findChromium(process.env))(
  '[T-17] a real browser opens a page with a profile that nobody used before',
  async () => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(
        '<title>Hello</title><script>localStorage.visits = +(localStorage.visits ?? 0) + 1</script>',
      )
    })
    const url = `http://127.0.0.1:${await listenOnLoopback(server)}/`
    for (let time = 0; time < 2; time++) {
      const browser = await launchChromium()
      const page = await browser.newPage()
      await page.goto(url)
      expect(await page.title()).toBe('Hello')
      expect(await page.evaluate('localStorage.visits')).toBe('1')
      await browser.close()
    }
    await closeServer(server)
  },
)
