/** What a real agent offers (its commands, modes and models) chosen on the page with keys alone. */
import { describe, expect } from 'vitest'
import { startSession, test, withoutBrowser } from './testing/browser-test.ts'
import { tabTo } from './testing/tab-to.ts'

const end = { timeout: 30_000 }

describe.skipIf(withoutBrowser)('what a real agent offers', () => {
  test('[W-68] [W-74] a command is chosen by keys and sent, and a mode is chosen by keys and kept by the session', async ({
    world,
    page,
  }) => {
    const id = await startSession(page, world, '[[say hello]]')
    await page.getByText('The agent finished.').waitFor(end)
    const { commands = [], modes } = await world.client.call('getSession', { id })
    expect(commands.map(({ name }) => name)).toContain('review')
    const keys = page.keyboard
    await page.evaluate('document.activeElement?.blur()')
    await keys.press('i')
    await keys.type('/rev')
    const menu = page.getByRole('listbox', { name: 'Commands of the agent' })
    const names = commands.map(({ name }) => name).filter((name) => name.startsWith('rev'))
    expect(await menu.getByRole('option').count()).toBe(names.length)
    await keys.press('ArrowDown')
    const chosen = menu.getByRole('option', { selected: true })
    await chosen.getByText(`/${names[1]}`).waitFor()
    await keys.press('ArrowUp')
    await chosen.getByText('/review', { exact: true }).waitFor()
    await keys.press('Enter')
    const field = page.getByRole('textbox', { name: 'Prompt' })
    expect(await field.inputValue()).toBe('/review ')
    expect(await menu.count()).toBe(0)
    await keys.type('[[say looked at]]')
    await keys.press('Enter')
    await page.getByText('The agent finished.').nth(1).waitFor(end)

    const mode = page.getByRole('combobox', { name: 'Mode', exact: true })
    await tabTo(mode)
    const [first, second, third] = modes?.available ?? []
    expect(modes?.current).toBe(first?.id)
    await keys.press('ArrowDown')
    await keys.press('ArrowDown')
    await expect
      .poll(async () => (await world.client.call('getSession', { id })).modes?.current, end)
      .toBe(third?.id)
    await keys.press('ArrowUp')
    await expect
      .poll(async () => (await world.client.call('getSession', { id })).modes?.current, end)
      .toBe(second?.id)
    await page.reload()
    await expect.poll(() => mode.inputValue(), end).toBe(second?.id)
    const model = page.getByRole('combobox', { name: 'Model' })
    await keys.press('i')
    await tabTo(model)
    await keys.press('ArrowDown')
    await expect
      .poll(async () => (await world.client.call('getSession', { id })).models?.current, end)
      .not.toBe('fake-1')

    const { events } = await world.client.call('events', { id, after: 0 })
    const texts = events.flatMap((event) => (event.type === 'prompt-accepted' ? [event.text] : []))
    expect(texts).toEqual(['[[say hello]]', '/review [[say looked at]]'])
  })
})
