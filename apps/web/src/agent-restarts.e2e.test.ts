/** The agent's process dies again and again under a page that is looked at. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rudeAgent, temporaryFolder } from '@belay/testing/node'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { startSession, test, withoutBrowser } from './testing/browser-test.ts'

const end = { timeout: 40_000 }
/** It becomes ready, and kills itself a moment later for as long as the file `die` is there. */
const script = `
const dies = () => { if (fs.existsSync('die')) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 700) }
for (const name of ['session/load', 'session/new']) {
  const before = methods[name]
  methods[name] = (params) => { dies(); return before(params) }
}
main()`

/** From now on the page notes each thing the status line says, with its numbers of seconds left out. */
async function record(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(`{
    globalThis.said = []
    const note = () => {
      const text = (document.querySelector('.status summary')?.textContent ?? '').replace(/in \\d+ s/, 'in … s')
      if (globalThis.said.at(-1) !== text) globalThis.said.push(text)
    }
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true })
  }`)
  return async () => {
    const said: unknown = await page.evaluate('globalThis.said')
    return Array.isArray(said) ? said.map(String) : []
  }
}

describe.skipIf(withoutBrowser)('an agent that dies under a page', () => {
  test('[W-37] each restart of a killed agent is said with its number and its cause, then that it failed, and a person starts it', async ({
    world,
    page,
  }) => {
    const { command, args } = rudeAgent(temporaryFolder('agent'), script)
    const id = await startSession(page, world, 'hello', { command, args: [...args] })
    await page.getByText('The agent finished.').waitFor(end)
    const said = await record(page)
    writeFileSync(join(world.folder, 'die'), '')
    world.killAgent(id)
    await page.locator('output').getByText('Agent failed').waitFor(end)
    const killed = 'The agent was killed (SIGKILL), from outside or for lack of memory.'
    const lines = (await said()).filter((line) => line.startsWith('Agent'))
    expect([...new Set(lines)].slice(0, 8)).toEqual(
      [1, 2, 3, 4].flatMap((n) => [
        `Agent restarting${killed} It starts again in … s (${n} of 4).`,
        `Agent restarting${killed} It is starting (${n} of 4).`,
      ]),
    )
    expect(lines.at(-1)).toMatch(/^Agent failedThe agent was killed \(SIGKILL\)/)

    rmSync(join(world.folder, 'die'))
    await page.getByRole('button', { name: 'Start it now' }).click()
    await page.locator('output').getByText('Idle').waitFor(end)
    await page.getByRole('textbox', { name: 'Prompt' }).fill('again')
    await page.keyboard.press('Enter')
    await page.getByText('did again').waitFor(end)
  })
})
