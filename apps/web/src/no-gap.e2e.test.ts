/** What is drawn while much arrives at once, looked at after every change of the page. */
import { findChromium, launchChromium, removeFolder, temporaryFolder } from '@belay/testing/node'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPage } from './testing/build-page.ts'
import { PageServer } from './testing/page-server.ts'

let dist: string
let browser: Browser

beforeAll(async () => {
  dist = temporaryFolder('no-gap')
  await buildPage(dist)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  removeFolder(dist)
})

describe.skipIf('missing' in findChromium(process.env))('a text that grows quickly', () => {
  test('[W-73] at every moment the words on the screen follow each other, across blocks and tools', async () => {
    const server = new PageServer(dist)
    await server.start()
    const session = server.create('s1', { title: 'Words' })
    session.append(
      { type: 'prompt-accepted', promptId: 'p1', text: 'Count for me.' },
      { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
    )
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
    await page.goto(`${server.url}/s/s1#token=${server.token}`)
    await page.getByText('Count for me.').waitFor()
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await page.evaluate(`{
      globalThis.looks = 0
      globalThis.gaps = []
      const look = () => {
        const words = (document.querySelector('[role=log]')?.textContent ?? '').match(/(?<=w)\\d+/g)?.map(Number) ?? []
        globalThis.looks++
        const at = words.findIndex((word, index) => index > 0 && word !== words[index - 1] + 1)
        if (at > 0) globalThis.gaps.push(words[at - 1] + ' then ' + words[at])
      }
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
    }`)
    const total = 3000
    for (let n = 1; n <= total; n++) {
      session.append({ type: 'text', turn: 1, text: n % 25 === 0 ? `w${n}.\n\nNow ` : `w${n} ` })
      if (n % 400 === 0)
        session.append({
          type: 'tool',
          turn: 1,
          toolCallId: `t${n}`,
          title: 'Look',
          status: 'completed',
        })
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await page.getByText(`w${total}.`).waitFor()
    expect(await page.evaluate('globalThis.gaps')).toEqual([])
    expect(await page.evaluate<number>('globalThis.looks')).toBeGreaterThan(20)
    await page.close()
    await server.stop()
  })
})
