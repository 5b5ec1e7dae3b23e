/** Taking back what turns did, in a real browser against scripted sessions. */
import { finishedTurn } from '@belay/testing'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { signIn, test as browserTest, withoutBrowser } from './testing/browser-test.ts'
import type { PageServer } from './testing/page-server.ts'
import { fillScenes } from './testing/scenes.ts'
import { isFocused, tabTo } from './testing/tab-to.ts'

const test = browserTest
  .extend('contextOptions', { viewport: { width: 1200, height: 800 } })
  .extend('server', ({ server }) => {
    fillScenes(server, Date.now())
    return server
  })

const restorePath = '/v1/sessions/finished/restore'
const odd = 'a\u202Egpj.exe\n\u001B[2J'

const plan: PageServer['plan'] = {
  back: [
    { path: odd, does: 'change' },
    ...Array.from({ length: 300 }, (_, n) => ({ path: `made/${n}`, does: 'remove' as const })),
  ],
  moreBack: 7,
  stay: [
    { path: 'mine', why: 'changed-since', message: 'You changed it since.', canTake: true },
    { path: 'theirs', why: 'shared', message: 'Another session did too.', canTake: true },
    { path: '.env', why: 'ignored', message: 'Git ignores it.', canTake: false },
  ],
  notes: ['sub: a repository of its own.'],
}

async function openChanges(page: Page, server: PageServer): Promise<void> {
  await signIn(page, server, '/s/finished/changes')
  await page.getByText('What this session changed').waitFor()
}

async function openDialog(page: Page, server: PageServer) {
  await openChanges(page, server)
  await page.getByRole('button', { name: /Say so in the README/ }).click()
  await page.getByRole('button', { name: /Restore …/ }).click()
  return page.getByRole('dialog', { name: 'Restore the workspace?' })
}

describe.skipIf(withoutBrowser)('a restore', () => {
  test('[W-94] shows first what goes back and what stays, and takes what a person chose', async ({
    server,
    page,
  }) => {
    server.plan = plan
    const dialog = await openDialog(page, server)
    await dialog.getByRole('heading', { name: '308 files go back' }).waitFor()
    await dialog.getByRole('heading', { name: '3 files stay as they are' }).waitFor()
    await dialog.getByText('You changed it since.').waitFor()
    await dialog.getByText('sub: a repository of its own.').waitFor()
    expect(await dialog.getByRole('listitem').count()).toBe(8 + 3)
    await dialog.getByRole('button', { name: '… and 300 more' }).click()
    expect(await dialog.getByRole('listitem').count()).toBe(208 + 3)
    await dialog.getByRole('button', { name: '… and 100 more' }).click()
    await dialog.getByText('… and 7 more that there is no room for here').waitFor()
    expect(await dialog.getByRole('checkbox').count()).toBe(3)
    await dialog.getByRole('checkbox', { name: /mine/ }).check()
    expect(server.asked).toEqual([])
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(() => dialog.count()).toBe(0)
    expect(server.asked).toMatchObject([
      { path: restorePath, body: { turn: 2, to: 'before', take: ['mine'] } },
    ])
  })

  test('[W-94] can take all that stays at once, and another point begins without a choice', async ({
    server,
    page,
  }) => {
    server.plan = plan
    const dialog = await openDialog(page, server)
    await dialog.getByRole('checkbox', { name: /all of these/ }).check()
    await expect.poll(() => dialog.getByRole('checkbox', { name: /mine/ }).isChecked()).toBe(true)
    await dialog.getByRole('radio', { name: 'After turn 2' }).check()
    await expect.poll(() => dialog.getByRole('checkbox', { name: /mine/ }).isChecked()).toBe(false)
    await dialog.getByRole('checkbox', { name: /all of these/ }).check()
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect
      .poll(() => server.asked.map(({ body }) => body))
      .toEqual([{ turn: 2, to: 'after', take: 'all' }])
  })

  test('[W-94] is offered only with its plan, and says why there is none', async ({
    server,
    page,
  }) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.planHeld = promise
    const message = 'There is no checkpoint before turn 2.'
    server.refuseNext.set('POST plan', { code: 'not-restorable', message })
    const dialog = await openDialog(page, server)
    const restore = dialog.getByRole('button', { name: 'Restore', exact: true })
    await dialog.getByText('Looking at what goes back …').waitFor()
    expect(await restore.isDisabled()).toBe(true)
    resolve()
    await dialog.getByRole('alert').filter({ hasText: message }).waitFor()
    expect(await restore.isDisabled()).toBe(true)
    await dialog.getByRole('button', { name: 'Look again' }).click()
    await dialog.getByRole('heading', { name: '1 file goes back' }).waitFor()
    expect(await restore.isDisabled()).toBe(false)
    const busy = 'Session “Other” (s2) has a turn running in the same folder.'
    server.refuseNext.set('POST restore', { code: 'folder-busy', message: busy })
    await restore.click()
    await dialog.getByRole('alert').filter({ hasText: busy }).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => dialog.count()).toBe(0)
  })

  test('[W-95] is asked for, chosen, left and done by keys, and gives the focus back', async ({
    server,
    page,
  }) => {
    server.plan = plan
    const dialog = await openDialog(page, server)
    await dialog.getByRole('heading', { name: /go back/ }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
    const button = page.getByRole('button', { name: /Restore …/ })
    await expect.poll(() => isFocused(button)).toBe(true)
    await page.keyboard.press('Enter')
    await dialog.getByRole('heading', { name: /go back/ }).waitFor()
    await tabTo(dialog.getByRole('checkbox', { name: /mine/ }))
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => server.asked.map(({ body }) => body))
      .toEqual([{ turn: 2, to: 'before', take: ['mine'] }])
  })

  test('[W-95] fits a narrow screen, its buttons in sight', async ({ server, page }) => {
    server.plan = { ...plan, back: [{ path: `src/${'long'.repeat(60)}.ts`, does: 'change' }] }
    const dialog = await openDialog(page, server)
    await page.setViewportSize({ width: 280, height: 560 })
    await dialog.getByRole('heading', { name: /go back/ }).waitFor()
    const over = await dialog.evaluate((one) => one.scrollWidth - one.clientWidth)
    expect(over).toBe(0)
    for (const name of ['Cancel', 'Restore']) {
      // oxlint-disable-next-line no-await-in-loop
      const box = await dialog.getByRole('button', { name, exact: true }).boundingBox()
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 280).toBe(true)
      expect((box?.y ?? 0) + (box?.height ?? 999)).toBeLessThanOrEqual(560)
    }
  })

  test('[W-96] a name shows what it would make a screen do, and does none of it', async ({
    server,
    page,
  }) => {
    server.plan = plan
    server.sessions.get('finished')?.append(
      {
        type: 'tool',
        turn: 3,
        toolCallId: 't3',
        title: 'Edit',
        status: 'completed',
        content: [{ type: 'diff', path: odd, oldText: 'one\n', newText: 'two\n' }],
      },
      {
        type: 'turn-changes',
        turn: 3,
        files: [{ path: odd, status: 'added', added: 1, removed: 0 }],
        patch: 'diff --git "a/x" "b/x"\n--- /dev/null\n+++ "b/x"\n@@ -0,0 +1 @@\n+hello\n',
      },
    )
    const shown = 'a\\u{202e}gpj.exe\\n\\u{001b}[2J'
    const dialog = await openDialog(page, server)
    await dialog.getByText(shown, { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /Turn 3/ }).click()
    await page.locator('summary').filter({ hasText: shown }).waitFor()
    await page.getByText('hello').waitFor()
    await page.getByRole('link', { name: 'Chat' }).click()
    const figure = page.getByRole('figure', { name: `Change of ${shown}` })
    await figure.getByText(shown, { exact: true }).waitFor()
    // A patch may be long: it is drawn for who opens it.
    const card = page.getByRole('region', { name: 'Changes of turn 3' })
    await card.waitFor()
    expect(await card.locator('pre').count()).toBe(0)
    await card.getByText('Patch', { exact: true }).click()
    await card.getByText('+hello').waitFor()
  })

  test('[W-97] what was taken back is not shown as there, and an undo brings it back', async ({
    server,
    page,
  }) => {
    await openChanges(page, server)
    const line = page.getByText('Every word that is typed must be in it.')
    await line.waitFor()
    const session = server.sessions.get('finished')
    session?.append({ type: 'restored', turn: 2, to: 'before', files: 1 })
    await expect.poll(() => line.count()).toBe(0)
    await page.getByText('One turn was taken back').waitFor()
    await page.getByRole('button', { name: /Turn 2 · taken back/ }).click()
    await page.getByText('This was taken back').waitFor()
    await line.waitFor()
    await page.getByRole('link', { name: 'Chat' }).click()
    await page.getByRole('region', { name: 'Changes of turn 2' }).getByText('taken back').waitFor()
    session?.append({ type: 'restored', turn: 2, to: 'undo', files: 1 })
    await expect.poll(() => page.getByText('taken back').count()).toBe(0)
  })

  test('[W-97] what is not known of a turn, and what was left out, is said where it is shown', async ({
    server,
    page,
  }) => {
    const none = { files: [], patch: '' }
    server.sessions.get('finished')?.append(
      {
        type: 'turn-changes',
        turn: 3,
        ...none,
        problem: 'What turn 3 changed is not known: Git was stopped.',
      },
      { type: 'turn-changes', turn: 4, ...none, notes: ['sub is left out.'] },
    )
    await openChanges(page, server)
    await page.getByText('What turn 3 changed is not known: Git was stopped.').waitFor()
    await page.getByText('Turn 4: sub is left out.').waitFor()
    await page.getByRole('link', { name: 'Chat' }).click()
    const card = page.getByRole('region', { name: 'Changes of turn 3' })
    await card.getByText('What it changed is not known').waitFor()
    await card.getByText('What turn 3 changed is not known: Git was stopped.').waitFor()
  })

  test('[W-76] a restore can be undone until the next turn has worked on the files, with its plan', async ({
    server,
    page,
  }) => {
    await openChanges(page, server)
    const undo = page.getByRole('button', { name: 'Undo this restore' })
    expect(await undo.count()).toBe(0)
    const session = server.sessions.get('finished')
    session?.append({ type: 'restored', turn: 2, to: 'before', files: 1, stayed: 2 })
    await page.getByText('1 file changed, 2 files stayed as they were.').waitFor()
    await undo.click()
    const dialog = page.getByRole('dialog', { name: 'Undo the last restore?' })
    await dialog.getByRole('heading', { name: '1 file goes back' }).waitFor()
    expect(await dialog.getByRole('radio').count()).toBe(0)
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect
      .poll(() => server.asked)
      .toMatchObject([{ path: restorePath, body: { turn: 2, to: 'undo' } }])
    const message = 'It took longer than 2 min.'
    session?.append({ type: 'restore-failed', turn: 2, to: 'undo', message })
    await page.getByRole('alert').filter({ hasText: message }).waitFor()
    // What it did until then, or else the restore before it, is not lost with it.
    await page.getByRole('button', { name: 'Undo the last restore' }).click()
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(() => server.asked.length).toBe(2)
    expect(server.asked[1]).toMatchObject({ path: restorePath, body: { turn: 2, to: 'undo' } })
    session?.append({ type: 'restored', turn: 2, to: 'undo', files: 1 })
    await page.getByText('The workspace is back to how it was before it was put back').waitFor()
    session?.append(finishedTurn(3, 'p3'))
    await expect.poll(() => undo.count()).toBe(0)
  })
})
