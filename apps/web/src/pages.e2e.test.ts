/** The list, the pages beside the chat, and the dialogs, in a real browser against scripted sessions. */
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { signIn, test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import type { PageServer } from './testing/page-server.ts'
import { fillScenes } from './testing/scenes.ts'
import { tabTo } from './testing/tab-to.ts'

const test = browserTest
  .extend('contextOptions', {
    viewport: { width: 1200, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  .extend('server', ({ server }) => {
    fillScenes(server, Date.now())
    return server
  })

async function open(page: Page, server: PageServer, path: string): Promise<void> {
  await signIn(page, server, path)
  await page.getByRole('heading', { name: /Asks you/ }).waitFor()
}

function group(on: Page, name: RegExp) {
  return on.getByRole('region', { name }).getByRole('link')
}

describe.skipIf(withoutBrowser)('the pages', () => {
  test('[W-35] a finished session is above the idle ones until it is looked at, in all tabs at once', async ({
    server,
    context,
    page,
  }) => {
    const other = await context.newPage()
    await open(page, server, '/')
    await open(other, server, '/')
    await expect.poll(() => group(other, /Finished/).allInnerTexts()).toHaveLength(1)
    await group(page, /Finished/)
      .first()
      .click()
    await page.getByRole('heading', { name: 'Search for every word' }).waitFor()
    await expect.poll(() => group(page, /Finished/).count()).toBe(0)
    await expect.poll(() => group(other, /Finished/).count()).toBe(0)
    await group(other, /Idle/).filter({ hasText: 'Search for every word' }).waitFor()
    // Its next turn is another one to look at.
    await page.goto(`${server.url}/`)
    const seen = server.sessions.get('finished')
    const ended = seen?.view.lastTurn
    if (seen === undefined || ended === undefined) throw new Error('the scene has changed')
    seen.change({ lastTurn: { ...ended, turn: 3, endedAt: Date.now() } })
    await expect.poll(() => group(page, /Finished/).count()).toBe(1)
  })

  test('[W-36] “/” searches, Enter opens the first that is found, and Escape shows all again', async ({
    server,
    page,
  }) => {
    await open(page, server, '/')
    await page.keyboard.press('/')
    await page.keyboard.type('flaky codex')
    await expect.poll(() => page.locator('a.row').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'A flaky test in checkout' }).waitFor()
    await page.keyboard.type(' nothing like it')
    await page.getByText('No session has “flaky codex nothing like it”').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('a.row').count()).toBe(server.sessions.size)
  })

  test('[W-34] the tab’s title counts the sessions in which nothing goes on without a person', async ({
    server,
    page,
  }) => {
    await open(page, server, '/')
    await expect.poll(() => page.title()).toBe('(3) Belay')
  })

  test('[W-40] the changes are shown turn by turn', async ({ server, page }) => {
    await open(page, server, '/s/finished/changes')
    await page.getByText('words.every((word)').first().waitFor()
    await page.getByRole('button', { name: /Say so in the README/ }).click()
    await expect.poll(() => page.getByText('words.every((word)').count()).toBe(0)
    await page.getByText('Every word that is typed must be in it.').waitFor()
  })

  test('[W-42] a log of thousands is read in parts, follows what comes, and opens an event whole', async ({
    server,
    page,
  }) => {
    const session = server.create('long', { title: 'Long' })
    for (let n = 1; n <= 3000; n++) session.append({ type: 'text', turn: 1, text: `Line ${n}.` })
    await open(page, server, '/s/long/log')
    const head = page.getByText(/of 3000/)
    await head.getByText('500 of 3000').or(head).waitFor()
    expect(await page.locator('.event').count()).toBeLessThan(120)
    await page.getByRole('button', { name: 'Read earlier events' }).click()
    await page.getByText('1000 of 3000').waitFor()
    session.append({
      type: 'warning',
      code: 'choice-refused',
      message: 'Something to find.',
    })
    await page.getByText('1001 of 3001').waitFor()
    await page.getByRole('searchbox', { name: 'Filter events' }).fill('something find')
    await page.getByText('1 of 3001').waitFor()
    await page.locator('.event summary').click()
    await page.getByText('"message": "Something to find."').waitFor()
  })

  test('[W-43] diagnostics are copied, and the page’s token is not among them', async ({
    server,
    page,
  }) => {
    await open(page, server, '/s/finished/log')
    await page.getByText('session-ready').waitFor()
    await page.getByRole('button', { name: 'Copy diagnostics' }).click()
    await page.getByText('Copied: read it before you pass it on.').waitFor()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    expect(JSON.parse(copied)).toMatchObject({
      server: { version: '0.0.0' },
      session: { id: 'finished' },
      why: { session: 'finished' },
      events: expect.arrayContaining([expect.objectContaining({ type: 'session-ready' })]),
    })
    expect(copied).not.toContain(server.token)
  })

  test('[W-62] why a preparation failed is said once beside the list: by the card, and where that is not by the status line', async ({
    server,
    page,
  }) => {
    await open(page, server, '/s/attention')
    const why = page.getByRole('main').getByText(/asks for a sign-in, and no token was given/)
    await page.getByText('The session could not be prepared').waitFor()
    await page.locator('.status').getByText('It waits until you retry.').waitFor()
    expect(await why.count()).toBe(1)
    await page.getByRole('link', { name: 'Changes' }).click()
    await page
      .locator('.status')
      .getByText(/asks for a sign-in/)
      .waitFor()
    expect(await why.count()).toBe(1)
  })

  test('[W-45] a failed preparation is edited in the dialog, which begins with its settings', async ({
    server,
    page,
  }) => {
    await open(page, server, '/new?edit=attention')
    const dialog = page.getByRole('dialog', { name: 'Edit and retry' })
    const url = dialog.getByRole('textbox', { name: 'Repository' })
    await expect.poll(() => url.inputValue()).toBe('https://git.example/shop/web.git')
    expect(await dialog.getByRole('textbox', { name: 'Setup commands' }).inputValue()).toBe(
      'npm ci',
    )
    await dialog.getByRole('textbox', { name: 'Branch', exact: true }).fill('next')
    await dialog.getByLabel('Token').fill('given-now')
    await dialog.getByRole('button', { name: 'Retry' }).click()
    await expect.poll(() => dialog.count()).toBe(0)
    expect(server.asked).toMatchObject([
      {
        path: '/v1/sessions/attention/retry',
        body: {
          agent: { name: 'claude' },
          workspace: { branch: 'next', workBranch: 'belay/dark', token: 'given-now' },
          setup: ['npm ci'],
        },
      },
    ])
    expect(page.url()).toBe(`${server.url}/s/attention`)
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('given-now')
  })

  test('[W-188] what follows a failed turn is chosen with the keys, and is still there when the choice is taken back', async ({
    server,
    page,
  }) => {
    await open(page, server, '/new')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('radio', { name: /Codex/ }).first().waitFor()
    await dialog.getByRole('textbox', { name: 'Folder' }).fill('/home/me/project')
    const more = dialog.getByText('Setup commands, commits, failed turns')
    const waits = dialog.getByRole('radio', { name: 'Wait for me' })
    const goesOn = dialog.getByRole('radio', { name: 'Go on with the next prompt' })
    await tabTo(more)
    await page.keyboard.press('Enter')
    expect(await waits.isChecked()).toBe(true)
    await tabTo(waits)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    expect(await waits.isVisible()).toBe(true)
    await page.keyboard.press('ArrowRight')
    expect(await goesOn.isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await expect
      .poll(() => server.asked)
      .toMatchObject([{ path: '/v1/sessions', body: { goOn: true } }])
  })

  test('[W-52] the theme that is chosen and a sign-out hold in all tabs', async ({
    server,
    context,
    page,
  }) => {
    const other = await context.newPage()
    await open(page, server, '/settings')
    await open(other, server, '/')
    const background = (on: Page) => on.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await background(other)
    await page.getByRole('radio', { name: 'Dark' }).check()
    await expect.poll(() => background(other)).not.toBe(light)
    await other.reload()
    await other.getByRole('heading', { name: /Asks you/ }).waitFor()
    expect(await background(other)).not.toBe(light)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await other.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  test('[W-38] the palette finds a session by a few letters, and the keys are silent where one types', async ({
    server,
    page,
  }) => {
    await open(page, server, '/s/asks')
    const composer = page.getByRole('textbox', { name: 'Prompt' })
    await composer.fill('')
    await composer.pressSequentially('c?gl')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.keyboard.press('Control+k')
    const dialog = page.getByRole('dialog', { name: 'Find a session or a command' })
    await dialog.getByRole('combobox').fill('nightly')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Why is the nightly build slow?' }).waitFor()
    expect(await dialog.count()).toBe(0)
  })
})
