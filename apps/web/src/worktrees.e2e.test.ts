/** Sessions that keep apart, as the page offers it: in the dialog, on a session that shares its folder, and when one is deleted. */
import { existsSync } from 'node:fs'
import { gitRepository } from '@belay/testing/node'
import { describe, expect } from 'vitest'
import { signIn, test, withoutBrowser } from './testing/browser-test.ts'

const end = { timeout: 30_000 }

describe.skipIf(withoutBrowser)('a folder that others work in', () => {
  test('[W-110] a worktree is offered for a folder of a repository, first when somebody is in it, and a person’s own choice stands', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    server.agents = [{ name: 'demo', title: 'Demo', demo: true, found: true, missing: [] }]
    await signIn(page, server)
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    const folder = dialog.getByRole('textbox', { name: 'Folder' })
    const apart = dialog.getByRole('radio', { name: 'In a worktree of its own' })
    const branch = dialog.getByRole('textbox', { name: 'Branch of the worktree' })
    server.place = { exists: false, sessions: [] }
    await folder.fill('/nowhere')
    await dialog.getByText('There is no such folder on the server’s machine.').waitFor()
    server.place = { exists: true, sessions: [], refusal: '/data is the data folder of a server.' }
    await folder.fill('/data')
    await dialog.getByText('/data is the data folder of a server.').waitFor()
    expect(await apart.count()).toBe(0)
    const git = { top: '/home/me/project', branch: 'main' }
    server.place = { exists: true, git, sessions: [] }
    await folder.fill('/home/me/project')
    await apart.waitFor()
    expect(await apart.isChecked()).toBe(false)
    server.place = { exists: true, git, sessions: [{ id: 's1', title: 'Other', status: 'idle' }] }
    await folder.fill('/home/me/project/')
    await dialog.getByText('“Other” works in this folder.').waitFor()
    expect(await apart.isChecked()).toBe(true)
    await branch.fill('fix/it')
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await expect.poll(() => server.asked.length).toBe(1)
    expect(server.asked[0]?.body['workspace']).toEqual({
      type: 'folder',
      path: '/home/me/project/',
      worktree: { branch: 'fix/it' },
    })
    await page.getByRole('heading', { name: 'A new session' }).waitFor()
    await page.getByRole('link', { name: 'New session' }).first().click()
    await dialog.getByRole('radio', { name: 'In the folder itself' }).check()
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await expect.poll(() => server.asked.length).toBe(2)
    expect(server.asked[1]?.body['workspace']).toEqual({
      type: 'folder',
      path: '/home/me/project/',
    })
  })

  test('[W-14] what is known late of a folder makes no second session of a form that was sent without an answer', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    server.agents = [{ name: 'demo', title: 'Demo', demo: true, found: true, missing: [] }]
    server.place = {
      exists: true,
      git: { top: '/home/me/project', branch: 'main' },
      sessions: [{ id: 's1', title: 'Other', status: 'idle' }],
    }
    const known = Promise.withResolvers<void>()
    await page.route('**/v1/places*', async (route) => {
      await known.promise
      await route.continue()
    })
    await signIn(page, server)
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('radio', { name: /^Demo/ }).waitFor()
    await dialog.getByRole('textbox', { name: 'Folder' }).fill('/home/me/project')
    await page.route('**/v1/sessions', async (route) => {
      await route.fetch()
      await route.abort('connectionreset')
    })
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await dialog.getByText('The server did not answer.').waitFor()
    known.resolve()
    const apart = dialog.getByRole('radio', { name: 'In a worktree of its own' })
    await apart.waitFor()
    // What is shown is what was sent.
    expect(await apart.isChecked()).toBe(false)
    await page.unroute('**/v1/sessions')
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await page.getByRole('heading', { name: 'A new session' }).waitFor()
    const [first, second] = server.asked.map(({ body }) => body)
    expect(server.asked).toHaveLength(2)
    expect(second).toEqual(first)
  })

  test('[W-111] a session says which others are in its folder, with a way to them, for as long as they are', async ({
    server,
    page,
  }) => {
    server.create('s2', { title: 'Neighbour' })
    const session = server.create('s1', { title: 'Mine' })
    session.change({ sharedWith: [{ id: 's2', title: 'Neighbour' }] })
    session.append({ type: 'folder-shared', session: 's2', title: 'Neighbour' })
    await signIn(page, server, '/s/s1')
    const note = page.getByRole('note')
    await note.getByText('Also in this folder:').waitFor()
    await page.getByText('Session “Neighbour” (s2) works in the same folder').waitFor()
    expect(await note.getByRole('link', { name: 'Neighbour' }).getAttribute('href')).toBe('/s/s2')
    session.change({ sharedWith: undefined })
    await expect.poll(() => note.count()).toBe(0)
  })

  test('[W-112] a real session in a worktree is started from the dialog, and what it leaves is said when it is deleted, and discarded', async ({
    world,
    page,
  }) => {
    const { path, git } = gitRepository()
    const { session } = await world.client.call('createSession', {
      agent: { name: 'demo' },
      workspace: { type: 'folder', path },
      title: 'First',
    })
    await page.goto(`${world.url}/s/${session.id}#token=${world.token}`)
    await page.getByRole('link', { name: 'New session' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('radio', { name: /^Demo/ }).check(end)
    await dialog.getByRole('textbox', { name: 'Folder' }).fill(path)
    await dialog.getByText('“First” works in this folder.').waitFor(end)
    await dialog.getByRole('textbox', { name: 'First prompt' }).fill('fast no-permission')
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await page.getByText('The agent finished.').waitFor(end)
    const listed = git('worktree', 'list').split('\n')[1] ?? ''
    expect(listed).toContain('[belay/fast-no-permission-')
    const place = listed.split(' ')[0] ?? ''
    await page.getByRole('button', { name: 'Delete session' }).click()
    await page.getByText('Its worktree is removed if nothing in it would be lost').waitFor()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('heading', { name: 'The session is deleted' }).waitFor(end)
    await page.getByText('1 untracked file or folder (belay-demo.md)').waitFor()
    expect(existsSync(place)).toBe(true)
    await page.getByRole('button', { name: 'Remove it all the same' }).click()
    await expect.poll(() => existsSync(place), end).toBe(false)
    expect(git('worktree', 'list').split('\n')).toHaveLength(1)
  })
})
