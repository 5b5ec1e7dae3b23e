/**
 * A turn that fails with prompts behind it, with two real agents: every surface says the same of it, and what a person
 * decides happens once. And what is told of a tool that nobody allowed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EventOf, SessionEvent } from '@belay/protocol'
import { realAgent, temporaryFolder } from '@belay/testing/node'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { startSession, test, withoutBrowser } from './testing/browser-test.ts'
import type { RealWorld } from './testing/real-world.ts'

const end = { timeout: 60_000 }
const killedWords = 'The agent was killed (SIGKILL), from outside or for lack of memory.'

function agentOf(name: 'codex-zed' | 'claude', world: RealWorld) {
  const { command, args, env, write } = realAgent(name, {
    modelUrl: world.model.url,
    home: temporaryFolder('home'),
  })
  return { write, start: { command, args: [...args], env: { ...env } } }
}

/** Waits behind the running turn. */
async function queue(page: Page, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await page.getByRole('textbox', { name: 'Prompt' }).fill(text)
    // oxlint-disable-next-line no-await-in-loop
    await page.getByRole('button', { name: 'Queue', exact: true }).click()
  }
  const waiting = page.getByRole('list', { name: 'Queued prompts' }).getByRole('listitem')
  await expect.poll(() => waiting.count()).toBe(texts.length)
}

function undecided(page: Page) {
  return page.getByRole('group', { name: 'Turn 1 is undecided' })
}

/** What each place says while turn 1 is undecided and two prompts wait for that. */
async function expectHeld(page: Page, world: RealWorld, id: string): Promise<void> {
  const words = 'decide about turn 1; 2 prompts wait.'
  for (const name of ['Go on', 'Continue', 'Send again', 'Leave it'])
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await undecided(page).getByRole('button', { name, exact: true }).waitFor(end)
  const line = page.locator('.dock .status')
  await line.getByText('Paused', { exact: true }).waitFor(end)
  await line.getByText(words).waitFor()
  const row = page.locator(`a.row[href="/s/${id}"]`)
  await row.getByText('Paused').waitFor()
  expect(await row.innerText()).toContain(words)
  await expect.poll(() => page.title()).toMatch(await inTitle(world))

  const said = expect.stringContaining(`Paused: ${words}`)
  const told = { status: 'undecided', why: said, queued: 2, held: 2 }
  const turns = [expect.objectContaining({ turn: 1, outcome: 'failed', holds: true })]
  const all = { ...told, undecided: { count: 1, turns } }
  expect(await world.client.call('getSession', { id })).toMatchObject(all)
  const { sessions } = await world.client.call('listSessions', {})
  expect(sessions.find((session) => session.id === id)).toMatchObject(all)
  const why = await world.client.call('why', { id })
  expect(why).toMatchObject({ status: 'undecided' })
  expect(why.sentence).toContain(`Paused: ${words}`)
  const ls = await world.belay('ls')
  const line1 = ls.out.split('\n').find((one) => one.includes(id.slice(0, 6)))
  expect(line1).toContain('undecided')
  expect(line1).toContain(`Paused: ${words}`)
  expect((await world.belay('why', id)).out).toContain(`Paused: ${words}`)
}

/** How many sessions wait for a person, as the tab says it. */
async function inTitle(world: RealWorld): Promise<RegExp> {
  const { sessions } = await world.client.call('listSessions', {})
  const waiting = sessions.filter(({ status }) => status === 'undecided').length
  return waiting === 0 ? /^[^(]/ : new RegExp(`^\\(${waiting}\\) `)
}

async function expectIdle(page: Page, world: RealWorld, id: string): Promise<void> {
  await page.locator('.dock .status').getByText('Idle', { exact: true }).waitFor(end)
  expect(await undecided(page).count()).toBe(0)
  await expect.poll(() => page.title()).toMatch(await inTitle(world))
  expect(await world.client.call('getSession', { id })).toMatchObject({ status: 'idle', queued: 0 })
  expect((await world.belay('why', id)).out).not.toMatch(/Paused|Decide/)
}

async function eventsOf<Type extends SessionEvent['type']>(
  world: RealWorld,
  id: string,
  type: Type,
): Promise<readonly EventOf<Type>[]> {
  const { events } = await world.client.call('events', { id, after: 0, limit: 1000 })
  const is = (event: SessionEvent): event is EventOf<Type> => event.type === type
  return events.filter(is)
}

/** The texts of the prompts that ran, in their order. */
async function ran(world: RealWorld, id: string): Promise<readonly (string | undefined)[]> {
  const accepted = await eventsOf(world, id, 'prompt-accepted')
  const texts = new Map(accepted.map(({ promptId, text }) => [promptId, text]))
  return (await eventsOf(world, id, 'turn-started')).map(({ promptId }) => texts.get(promptId))
}

/** All of them are over, whatever they came to. */
async function ended(page: Page, world: RealWorld, id: string, turns: number): Promise<void> {
  await expect.poll(async () => (await eventsOf(world, id, 'turn-ended')).length, end).toBe(turns)
  await expect.poll(() => page.locator('.turn-end').count(), end).toBe(turns)
}

describe.skipIf(withoutBrowser).each(['codex-zed', 'claude'] as const)('%s', (name) => {
  const second = '[[reset]] [[say the second ran]]'
  const third = '[[reset]] [[say the third ran]]'

  test(
    '[W-189] [S-141] killed in mid-turn: every surface says what waits and for what; “Go on” lets it run, “Leave it” settles',
    { timeout: 3 * end.timeout },
    async ({ world, page }) => {
      const { start } = agentOf(name, world)
      const first = '[[reset]] [[slow 2000 20]]'
      const id = await startSession(page, world, first, start)
      await page.getByText('tok5 ').waitFor(end)
      await queue(page, second, third)
      world.killAgent(id)
      await expectHeld(page, world, id)
      const log = await page.getByRole('log', { name: 'Transcript' }).innerText()
      expect(log).toContain(killedWords)
      expect(log).not.toMatch(/stopped by itself|^\s*Killed\s*$/m)
      expect(await ran(world, id)).toEqual([first])

      await undecided(page).getByRole('button', { name: 'Go on' }).click()
      await ended(page, world, id, 3)
      await page.locator('.dock .status').getByText('Decide about turn 1').waitFor(end)
      expect(await ran(world, id)).toEqual([first, second, third])
      expect(await world.client.call('getSession', { id })).toMatchObject({
        status: 'undecided',
        queued: 0,
        undecided: { count: 1 },
      })
      await undecided(page).getByRole('button', { name: 'Leave it' }).click()
      await expectIdle(page, world, id)
    },
  )

  test(
    '[W-189] [S-141] killed in mid-turn: “Send again” runs the prompt again, once, and what waited after it',
    { timeout: 3 * end.timeout },
    async ({ world, page }) => {
      const { start } = agentOf(name, world)
      // Long enough to queue two prompts meanwhile.
      const first = '[[reset]] [[slow 400 25]]'
      const id = await startSession(page, world, first, start)
      await page.getByText('tok5 ').waitFor(end)
      await queue(page, second, third)
      world.killAgent(id)
      await undecided(page).getByRole('button', { name: 'Send again' }).click(end)
      await page.getByText('tok400').waitFor(end)
      await ended(page, world, id, 4)
      await expectIdle(page, world, id)
      expect(await ran(world, id)).toEqual([first, first, second, third])
      const ends = await eventsOf(world, id, 'turn-ended')
      expect(ends.map(({ code }) => code)).toEqual([
        'agent-exited',
        'end-turn',
        'end-turn',
        'end-turn',
      ])
    },
  )

  test(
    '[W-189] [S-141] [V-173] its model dies: what waits is held, and the time of the turn is told without the wait for a person',
    { timeout: 3 * end.timeout },
    async ({ world, page }) => {
      const { start, write } = agentOf(name, world)
      const file = join(world.folder, `${name}-dead.txt`)
      const id = await startSession(
        page,
        world,
        `[[reset]] ${write(file, 'x')} [[error 400]]`,
        start,
      )
      const allow = page.getByRole('button', { name: /^(Allow|Yes|Approve)/i }).first()
      await allow.waitFor(end)
      await queue(page, second, third)
      await allow.click()
      await expectHeld(page, world, id)
      const log = page.getByRole('log', { name: 'Transcript' })
      expect(await log.innerText()).toMatch(/worked [\d.]+ s · waited [\d.]+ s for you/)
      await undecided(page).getByRole('button', { name: 'Leave it' }).click()
      await ended(page, world, id, 3)
      await expectIdle(page, world, id)
    },
  )

  test(
    '[V-172] [S-208] a tool that nobody allowed is told as not run: rejected, and killed while it was asked about',
    { timeout: 3 * end.timeout },
    async ({ world, page }) => {
      const { start, write } = agentOf(name, world)
      const file = join(world.folder, `${name}-never.txt`)
      const id = await startSession(page, world, `[[reset]] ${write(file, 'x')}`, start)
      const told = name === 'claude' ? 1 : 0
      const tools = page.getByRole('article', { name: /^Tool: / })
      const no = page.getByRole('button', { name: /^(No|Reject|Deny)/i }).first()
      await no.click(end)
      await page.getByText('Rejected, in the browser').waitFor(end)
      await ended(page, world, id, 1)
      if (name === 'codex-zed') await page.getByText('Stopped by a person.').waitFor()
      // Codex tells of a command only once it runs, so the question says all of it.
      expect(await tools.count()).toBe(told)
      expect(await tools.getByText('did not run').count()).toBe(told)

      await world.client.call('prompt', {
        id,
        promptId: 'p2',
        text: `[[reset]] ${write(file, 'y')}`,
      })
      await no.waitFor(end)
      world.killAgent(id)
      await page.getByText('Not answered: agent ended').waitFor(end)
      // Of a long transcript the page shows the end alone.
      await expect.poll(() => tools.count()).toBeGreaterThanOrEqual(told)
      expect(await tools.getByText('did not run').count()).toBe(await tools.count())
      expect(existsSync(file)).toBe(false)
      const shown = await world.belay('attach', id, '--until-idle')
      if (told > 0) expect(shown.out).toContain('not run: nobody allowed it')
      expect(shown.out).toContain('Not answered: agent ended')
      await page.getByRole('button', { name: 'Leave it' }).first().click()
      await expectIdle(page, world, id)
    },
  )
})
