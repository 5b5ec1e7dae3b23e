/** What is drawn while much arrives at once, looked at after every change of the page. */
import { describe, expect } from 'vitest'
import { signIn, test, withoutBrowser } from './testing/browser-test.ts'

describe.skipIf(withoutBrowser)('a text that grows quickly', () => {
  test('[W-73] at every moment the words on the screen follow each other, across blocks and tools', async ({
    server,
    page,
  }) => {
    const session = server.create('s1', { title: 'Words' })
    session.append(
      { type: 'prompt-accepted', promptId: 'p1', text: 'Count for me.' },
      { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
    )
    await signIn(page, server, '/s/s1')
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
  })
})
