/** The page with all of Belay behind it: what a person sees while parts of it are killed, hidden, or cut off. */
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@belay/protocol'
import { askedCommand } from '@belay/testing'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { startSession, test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import type { RealWorld } from './testing/real-world.ts'
import { tabTo } from './testing/tab-to.ts'

/** One grey pixel. */
const dotPng =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

// The browser may keep a page that is left, as it does for people.
const test = browserTest.extend('leftOut', { scope: 'file' }, ['--disable-back-forward-cache'])

/** The scripted model's words that are on the screen, in their order. */
async function shown(on: Page): Promise<readonly string[]> {
  const text = await on.getByRole('log', { name: 'Transcript' }).innerText()
  // The prompt names no token, so each is the agent's.
  return text.match(/\btok\d+\b/g) ?? []
}

function tokens(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `tok${index + 1}`)
}

/** From now on the page writes down every change of what it shows of the agent's words. */
async function record(on: Page): Promise<() => Promise<readonly string[]>> {
  await on.evaluate(`{
    globalThis.recorded = []
    const note = () => {
      const words = (document.querySelector('[role=log]')?.textContent ?? '').match(/tok\\d+/g) ?? []
      const text = words.join(' ')
      if (globalThis.recorded.at(-1) !== text) globalThis.recorded.push(text)
    }
    globalThis.note = note
    note()
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true })
  }`)
  return async () => {
    const said: unknown = await on.evaluate('globalThis.note(), globalThis.recorded')
    return Array.isArray(said) ? said.map(String) : []
  }
}

/** At every moment the page showed the words from the first to some other, with none missing between and none twice. */
function expectOnlyGrown(states: readonly string[]): void {
  const words = states.map((state) => state.match(/\d+/g)?.map(Number) ?? [])
  let before: readonly number[] = []
  for (const now of words) {
    expect(now).toEqual(now.map((_, index) => index + 1))
    expect(now.length).toBeGreaterThanOrEqual(before.length)
    before = now
  }
  expect(words.length, states.join(' | ')).toBeGreaterThan(1)
}

const end = { timeout: 30_000 }

/** Opens a session whose agent writes a hundred words in ten seconds, and waits for the first of them. */
async function startCounting(page: Page, world: RealWorld): Promise<void> {
  await startSession(page, world, '[[slow 100 100]]')
  await page.getByText('tok5 ').waitFor(end)
}

describe.skipIf(withoutBrowser)('the page before a whole Belay', () => {
  test('[W-11] the server is killed in mid-stream and comes back: no blank, no word lost, none twice', async ({
    world,
    page,
  }) => {
    await startSession(page, world, '[[slow 80 50]]')
    await page.getByText('tok10').waitFor(end)
    const states = await record(page)
    await world.killServer()
    await page.locator('output').getByText('Reconnecting').waitFor(end)
    expect((await shown(page)).length).toBeGreaterThanOrEqual(10)
    await world.restartServer()
    await expect.poll(() => shown(page), { timeout: 40_000 }).toEqual(tokens(80))
    await expect.poll(() => page.getByText(/Reconnecting|Server away/).count()).toBe(0)
    expectOnlyGrown(await states())
  })

  test('[W-34] a killed agent: its turn says so with what it wrote, and the session is among the failed', async ({
    world,
    page,
  }) => {
    const id = await startSession(page, world, '[[slow 400 50]]')
    await page.getByText('tok5 ').waitFor(end)
    world.killAgent(id)
    await page.getByText('The agent stopped in the middle of the turn.').first().waitFor(end)
    const words = await shown(page)
    expect(words.length).toBeGreaterThanOrEqual(5)
    expect(words).toEqual(tokens(words.length))
    const failed = page.getByRole('region', { name: /Failed/ })
    await failed.getByRole('link', { name: /slow 400/ }).waitFor()
    await page.getByRole('button', { name: 'Leave it' }).click()
    await expect.poll(() => failed.getByRole('link', { name: /slow 400/ }).count()).toBe(0)
  })

  test('[W-8] two tabs, one question: the first answer counts, and both say whose it was', async ({
    world,
    context,
    page,
  }) => {
    const id = await startSession(
      page,
      world,
      `${askedCommand('echo two tabs >> tabs.txt')} [[say asked and done]]`,
    )
    const other = await context.newPage()
    await other.goto(`${world.url}/s/${id}`)
    const options = (on: Page) => on.getByRole('button', { name: /^(Allow|Yes|Approve)/i })
    await options(page).first().waitFor(end)
    await options(other).first().waitFor(end)
    await Promise.all([
      options(page)
        .first()
        .click({ timeout: 2000 })
        .catch(() => undefined),
      options(other)
        .first()
        .click({ timeout: 2000 })
        .catch(() => undefined),
    ])
    for (const on of [page, other]) {
      await on.getByText('in the browser').first().waitFor(end)
      await on.getByText('The agent finished.').waitFor(end)
      expect(await options(on).count()).toBe(0)
    }
    const { events } = await world.client.call('events', { id, after: 0, limit: 1000 })
    expect(events.filter(({ type }) => type === 'permission-settled')).toHaveLength(1)
  })

  test('[W-50] without a network the page says so, keeps what it has, and is back by itself', async ({
    world,
    context,
    page,
  }) => {
    await startCounting(page, world)
    const states = await record(page)
    await context.setOffline(true)
    // An emulated loss of the network leaves open sockets alone; a real one does not.
    await world.killServer()
    await page.locator('output').getByText('Offline').waitFor(end)
    await world.restartServer()
    await sleep(1000)
    expect(await page.locator('output').getByText('Offline').count()).toBe(1)
    await context.setOffline(false)
    await expect.poll(() => shown(page), { timeout: 40_000 }).toEqual(tokens(100))
    expectOnlyGrown(await states())
  })

  test('[W-51] a ticket that has expired is another one’s matter: the next is asked for', async ({
    world,
    page,
  }) => {
    await startCounting(page, world)
    const states = await record(page)
    let refused = 0
    await page.route('**/v1/tickets', async (route) => {
      if (refused >= 4) return route.continue()
      refused += 1
      return route.fulfill({
        status: 201,
        json: { ticket: 'one-that-has-expired', expiresAt: Date.now() + 60_000 },
      })
    })
    await world.killServer()
    await world.restartServer()
    await expect.poll(() => shown(page), { timeout: 40_000 }).toEqual(tokens(100))
    expect(refused).toBe(4)
    expectOnlyGrown(await states())
  })

  test('[W-51] a tab that was frozen for longer than a ticket lives shows all when it is looked at again', async ({
    world,
    context,
    page,
  }) => {
    await startCounting(page, world)
    const devtools = await context.newCDPSession(page)
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await world.killServer()
    await world.restartServer()
    await sleep(limits.ticketMsMax + 2000)
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await expect.poll(() => shown(page), { timeout: 40_000 }).toEqual(tokens(100))
  })

  test('[W-51] a page that the browser kept and shows again goes on where it was', async ({
    world,
    page,
  }) => {
    await startCounting(page, world)
    await page.evaluate(`{
      globalThis.sameDocument = true
      addEventListener('pageshow', (event) => (globalThis.wasKept = event.persisted))
    }`)
    await page.goto(`${world.url}/v1/health`)
    await sleep(1500)
    await page.goBack({ waitUntil: 'commit' })
    await expect.poll(() => shown(page), { timeout: 40_000 }).toEqual(tokens(100))
    // Whether it was kept is the browser's choice; that all is there is the page's.
    console.info('kept by the browser:', await page.evaluate('globalThis.wasKept === true'))
  })

  test('[W-70] a pasted picture reaches the agent’s model, is in the log by name, and is shown again', async ({
    world,
    page,
  }) => {
    const id = await startSession(page, world, '[[say hello]]')
    await page.getByText('The agent finished.').waitFor(end)
    await page.getByRole('textbox', { name: 'Prompt' }).fill('[[say seen]] What is on it?')
    // As a browser hands over a screenshot that was copied.
    await page.getByRole('textbox', { name: 'Prompt' }).evaluate(async (field, base64) => {
      const bytes = Uint8Array.from(atob(base64), (unit) => unit.codePointAt(0) ?? 0)
      const clipboardData = new DataTransfer()
      clipboardData.items.add(new File([bytes], 'shot.png', { type: 'image/png' }))
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
    }, dotPng)
    await page.getByRole('button', { name: 'Remove shot.png' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Remove shot.png' }).waitFor()
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('The agent finished.').nth(1).waitFor(end)
    expect(world.model.requests().flatMap(({ pictures }) => pictures)).toContain(
      `data:image/png;base64,${dotPng}`,
    )
    const { events } = await world.client.call('events', { id, after: 0 })
    expect(events.flatMap((event) => (event.type === 'prompt-accepted' ? [event] : []))).toEqual([
      expect.not.objectContaining({ attachments: expect.anything() }),
      expect.objectContaining({
        attachments: [expect.objectContaining({ name: 'shot.png', type: 'image/png' })],
      }),
    ])
    await page.getByRole('button', { name: /shot\.png/ }).click()
    await page.getByRole('img', { name: 'shot.png' }).waitFor()
    expect(await page.getByRole('button', { name: 'Remove shot.png' }).count()).toBe(0)
  })

  test('[W-12] [W-13] a page and a server that die between typing and acceptance cost nothing, and the prompt runs once', async ({
    world,
    context,
    page,
  }) => {
    const id = await startSession(page, world, '[[say hello]]')
    await page.getByText('The agent finished.').waitFor(end)
    await world.killServer()
    const words = '[[say here]] typed before the crash'
    const field = page.getByRole('textbox', { name: 'Prompt' })
    await field.fill(words)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText(/Not sent yet/).waitFor(end)
    await page.close({ runBeforeUnload: false })
    await world.restartServer()
    const next = await context.newPage()
    await next.goto(`${world.url}/s/${id}`)
    const again = next.getByRole('textbox', { name: 'Prompt' })
    await next.getByText('The agent finished.').nth(1).waitFor(end)
    await expect.poll(() => again.inputValue()).toBe('')
    const { events } = await world.client.call('events', { id, after: 0 })
    const texts = events.flatMap((event) => (event.type === 'prompt-accepted' ? [event.text] : []))
    expect(texts.filter((text) => text === words)).toHaveLength(1)
  })

  test('[W-69] two tabs show one draft', async ({ world, context, page }) => {
    const id = await startSession(page, world, '[[say hello]]')
    const other = await context.newPage()
    await other.goto(`${world.url}/s/${id}`)
    await page.getByRole('textbox', { name: 'Prompt' }).fill('written here')
    await expect
      .poll(() => other.getByRole('textbox', { name: 'Prompt' }).inputValue())
      .toBe('written here')
    await other.getByRole('textbox', { name: 'Prompt' }).fill('and changed there')
    await expect
      .poll(() => page.getByRole('textbox', { name: 'Prompt' }).inputValue())
      .toBe('and changed there')
  })

  test('[W-48] the whole job without a mouse: start, answer, read, look at the changes, leave', async ({
    world,
    page,
  }) => {
    await page.goto(`${world.url}/#token=${world.token}`)
    await page
      .getByRole('heading', { name: /session/ })
      .first()
      .waitFor()
    const keys = page.keyboard
    await keys.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.waitFor()
    const command = dialog.getByRole('textbox', { name: 'Command line' })
    await dialog.getByRole('radio', { name: /Another ACP agent/ }).waitFor()
    for (let tries = 0; tries < 12 && (await command.count()) === 0; tries++) {
      await keys.press('ArrowDown')
      // A person looks before pressing again.
      await drawn(page)
    }
    expect(await command.count()).toBe(1)
    await tabTo(command)
    await keys.type([world.agent.command, ...world.agent.args].join(' '))
    await tabTo(dialog.getByRole('textbox', { name: 'Folder' }))
    await keys.type(world.folder)
    await tabTo(dialog.getByRole('textbox', { name: /prompt/i }))
    await keys.type(`${askedCommand('echo by keys >> keys.txt')} [[say all done]]`)
    await keys.press('Control+Enter')
    const answer = page.getByRole('button', { name: /^(Allow|Yes|Approve)/i }).first()
    await answer.waitFor(end)
    await tabTo(answer)
    await keys.press('Enter')
    await page.getByText('The agent finished.').waitFor(end)
    await page.getByText('all done').first().waitFor()
    // Out of the field, if the focus is in one.
    await page.evaluate('document.activeElement?.blur()')
    await keys.press('g')
    await keys.press('d')
    await page.getByText('keys.txt').first().waitFor(end)
    await keys.press('g')
    await keys.press('e')
    await page.getByText('session-created').waitFor(end)
    await keys.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await keys.press('Escape')
    await keys.press('g')
    await keys.press('l')
    await page.getByRole('heading', { name: 'Choose a session' }).waitFor()
    await keys.press('j')
    await keys.press('Enter')
    await page.getByRole('log', { name: 'Transcript' }).waitFor()
    const { sessions } = await world.client.call('listSessions', {})
    expect(sessions.map((session) => `${world.url}/s/${session.id}`)).toContain(page.url())
  })
})

/** Settles when the page has drawn what happened so far. */
function drawn(on: Page): Promise<unknown> {
  return on.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
  )
}
