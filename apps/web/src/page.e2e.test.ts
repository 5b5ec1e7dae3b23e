/** The built page in a real browser, against a server whose sessions are scripted here. */
import type { LogEntry } from '@belay/testing'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { signIn, test, withoutBrowser } from './testing/browser-test.ts'
import type { PageServer } from './testing/page-server.ts'
import type { PageSession } from './testing/page-session.ts'
import { isFocused } from './testing/tab-to.ts'

/** A session whose agent is at work. */
function startTurn(server: PageServer, title: string): PageSession {
  const session = server.create('s1', { title })
  session.append(
    { type: 'prompt-accepted', promptId: 'p1', text: 'Count for me.' },
    { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
    { type: 'turn-taken', turn: 1 },
  )
  session.change({
    status: 'working',
    why: 'The agent is writing.',
    turn: { turn: 1, promptId: 'p1', phase: 'running', startedAt: Date.now(), openTools: [] },
  })
  return session
}

function question(permissionId: string, title: string) {
  return {
    type: 'permission-asked',
    turn: 1,
    permissionId,
    title,
    options: [
      { optionId: 'yes', name: 'Allow', kind: 'allow_once' },
      { optionId: 'no', name: 'Reject', kind: 'reject_once' },
    ],
  } satisfies LogEntry
}

/** Lines of text, one event each. */
function say(session: PageSession, from: number, to: number): void {
  for (let n = from; n <= to; n++) session.append({ type: 'text', turn: 1, text: `Line ${n}.\n\n` })
}

/** Nine pieces of text, then a tool call. */
function flooded(n: number): LogEntry {
  return n % 10 === 0
    ? { type: 'tool', turn: 1, toolCallId: `t${n}`, title: `Step ${n}`, status: 'completed' }
    : { type: 'text', turn: 1, text: `Words ${n} of the flood.\n\n` }
}

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `Line ${from + index}.`)
}

async function shownLines(page: Page): Promise<string[]> {
  return page.locator('.markdown p').allInnerTexts()
}

describe.skipIf(withoutBrowser)('the page', () => {
  test('[W-5] the link signs in, and its token is neither in the address bar nor asked for again', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Count' })
    await signIn(page, server)
    expect(page.url()).toBe(`${server.url}/`)
    await page.goto(`${server.url}/s/s1`)
    await page.getByRole('heading', { name: 'Count' }).waitFor()
  })

  test('[W-22] without a token it is asked for, and a wrong one is refused in words', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Count' })
    await page.goto(server.url)
    await page.getByLabel('Token').fill('not-the-token')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('That is not the token of this server.').waitFor()
    await page.getByLabel('Token').fill(`${server.url}/#token=${server.token}`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: /Count/ }).click()
    await page.getByRole('heading', { name: 'Count' }).waitFor()
    expect(page.url()).toBe(`${server.url}/s/s1`)
  })

  test('[W-8] a question is answered with one press, and then says by whom', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Ask')
    session.append(
      {
        type: 'tool',
        turn: 1,
        toolCallId: 't1',
        title: 'Edit a.txt',
        kind: 'edit',
        status: 'pending',
        content: [
          { type: 'diff', path: '/home/me/project/a.txt', oldText: 'one\n', newText: 'two\n' },
        ],
      },
      { ...question('ask/1', 'Write a.txt?'), toolCallId: 't1' },
    )
    await signIn(page, server, '/s/s1')
    await page.getByRole('figure', { name: 'Change of a.txt: 1 lines added, 1 removed' }).waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Allowed once, in the browser').waitFor()
    expect(await page.getByRole('button', { name: 'Reject' }).count()).toBe(0)
    expect(server.asked).toEqual([
      {
        method: 'POST',
        path: '/v1/sessions/s1/permissions/ask%2F1',
        body: { optionId: 'yes', by: 'web' },
      },
    ])
  })

  test('[W-7] while an answer is under way no option can be pressed, and a refusal offers them again', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Ask')
    session.append(question('a1', 'Run it?'))
    await signIn(page, server, '/s/s1')
    let letGo = (): void => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    await page.route('**/permissions/a1', async (route) => {
      await held
      await route.continue()
    })
    server.refuseNext.set('POST a1', { code: 'internal', message: 'The disk is full.' })
    await page.getByRole('button', { name: 'Allow' }).click()
    expect(await page.getByRole('button', { name: 'Allow' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Reject' }).isDisabled()).toBe(true)
    letGo()
    await page.getByText('The disk is full.').waitFor()
    expect(await page.getByRole('button', { name: 'Reject' }).isDisabled()).toBe(false)
  })

  test('[W-12] a draft survives a reload and is gone once its prompt is accepted', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Write' })
    await signIn(page, server, '/s/s1')
    const composer = page.getByRole('textbox', { name: 'Prompt' })
    await composer.pressSequentially('First line')
    await composer.press('Shift+Enter')
    await composer.pressSequentially('second line')
    await page.reload()
    await expect.poll(() => composer.inputValue()).toBe('First line\nsecond line')
    await composer.press('Enter')
    await expect.poll(() => composer.inputValue()).toBe('')
    await page.getByRole('list', { name: 'Queued prompts' }).getByText('First line').waitFor()
    await page.reload()
    await page.getByRole('list', { name: 'Queued prompts' }).waitFor()
    expect(await composer.inputValue()).toBe('')
    expect(server.asked).toHaveLength(1)
  })

  test('[W-23] a refused prompt stays, with why and what to do', async ({ server, page }) => {
    server.create('s1', { title: 'Write' })
    server.refuseNext.set('POST prompts', {
      code: 'queue-full',
      message: 'Ten prompts wait already.',
    })
    await signIn(page, server, '/s/s1')
    const composer = page.getByRole('textbox', { name: 'Prompt' })
    await composer.fill('One more')
    await composer.press('Enter')
    await page.getByText('Ten prompts wait already. Wait for a turn to end').waitFor()
    expect(await composer.inputValue()).toBe('One more')
    await page.reload()
    await expect.poll(() => composer.inputValue()).toBe('One more')
  })

  test('[W-11] the server is killed and comes back: never a blank, no line missing, none twice', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Count')
    say(session, 1, 50)
    await signIn(page, server, '/s/s1')
    await expect.poll(() => shownLines(page)).toEqual(lines(1, 50))

    await server.stop()
    say(session, 51, 80)
    await page.getByRole('status').getByText('Reconnecting').waitFor()
    expect(await shownLines(page)).toEqual(lines(1, 50))
    await page.getByRole('textbox', { name: 'Prompt' }).fill('typed while it was away')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent yet: the server does not answer.').waitFor()

    await server.start()
    say(session, 81, 100)
    await expect.poll(() => shownLines(page), { timeout: 15_000 }).toEqual(lines(1, 100))
    await expect.poll(() => page.getByText(/Reconnecting|Server away/).count()).toBe(0)
    // It goes by itself, once.
    const field = page.getByRole('textbox', { name: 'Prompt', exact: true })
    await expect.poll(() => field.inputValue()).toBe('')
    const waiting = page.getByRole('list', { name: 'Queued prompts' }).getByRole('listitem')
    expect(await waiting.allInnerTexts()).toEqual([
      expect.stringContaining('typed while it was away'),
    ])
    expect(await page.getByText('Not sent yet').count()).toBe(0)
    expect(server.asked.map(({ body }) => body['text'])).toEqual(['typed while it was away'])
  })

  test('[W-11] many short interruptions show the same lines as none, and nothing is said of them', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Count')
    await signIn(page, server, '/s/s1')
    await page.getByText('Count for me.').waitFor()
    for (let part = 0; part < 5; part++) {
      say(session, part * 10 + 1, part * 10 + 5)
      await server.stop()
      say(session, part * 10 + 6, part * 10 + 10)
      await server.start()
      expect(await page.getByText(/Reconnecting|Server away/).count()).toBe(0)
      await expect
        .poll(() => shownLines(page), { timeout: 15_000 })
        .toEqual(lines(1, part * 10 + 10))
    }
  })

  test('[W-24] a refused new session keeps its dialog, and an accepted one opens', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    server.agents = [
      { name: 'claude', title: 'Claude', demo: false, found: true, missing: ['a key'] },
      { name: 'demo', title: 'Demo', demo: true, found: true, missing: [] },
    ]
    server.refuseNext.set('POST sessions', {
      code: 'bad-request',
      message: 'There is no such folder.',
      fields: [{ path: 'workspace.path', expected: 'a folder that exists', got: '/nowhere' }],
    })
    await signIn(page, server)
    await page.getByRole('link', { name: 'New session' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByText('Misses a key').waitFor()
    await expect.poll(() => dialog.getByRole('radio', { name: /Demo/ }).isChecked()).toBe(true)
    await dialog.getByRole('textbox', { name: 'Folder' }).fill('/nowhere')
    await dialog.getByRole('textbox', { name: 'First prompt' }).fill('Do it.')
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await dialog.getByText('A folder that exists; got /nowhere.').waitFor()
    expect(await dialog.getByRole('alert').filter({ hasText: 'There is no such' }).count()).toBe(0)
    expect(await dialog.getByRole('textbox', { name: 'First prompt' }).inputValue()).toBe('Do it.')
    await dialog.getByRole('textbox', { name: 'Folder' }).fill('/tmp')
    await dialog.getByRole('button', { name: 'Start session' }).click()
    await page.getByRole('heading', { name: 'A new session' }).waitFor()
    expect(await dialog.count()).toBe(0)
    const [refused, accepted] = server.asked
    expect(refused?.body).toMatchObject({ agent: { name: 'demo' }, prompt: { text: 'Do it.' } })
    expect(page.url()).toBe(`${server.url}/s/${String(accepted?.body['id'])}`)
  })

  test('[W-17] who reads at the end follows it, who went up is left alone until they jump', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Count')
    say(session, 1, 100)
    await signIn(page, server, '/s/s1')
    const scroller = page.getByRole('log', { name: 'Transcript' })
    const fromEnd = (): Promise<number> =>
      scroller.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
    await page.getByText('Line 100.').waitFor()
    await expect.poll(fromEnd).toBeLessThan(2)
    say(session, 101, 110)
    await page.getByText('Line 110.').waitFor()
    await expect.poll(fromEnd).toBeLessThan(2)

    await scroller.hover()
    await page.mouse.wheel(0, -600)
    const jump = page.getByRole('button', { name: 'Jump to latest' })
    await jump.waitFor()
    const before = await scroller.evaluate((box) => box.scrollTop)
    say(session, 111, 120)
    await page.getByText('Line 120.').waitFor({ state: 'attached' })
    expect(await scroller.evaluate((box) => box.scrollTop)).toBe(before)
    await jump.click()
    await expect.poll(fromEnd).toBeLessThan(2)
    expect(await jump.count()).toBe(0)
  })

  test('[W-18] [W-61] a long session opens at its end and draws little, and a link opens it where it points', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Long')
    for (let n = 1; n <= 1000; n++)
      session.append({
        type: 'tool',
        turn: 1,
        toolCallId: `t${n}`,
        title: `Step ${n}`,
        status: 'completed',
      })
    await signIn(page, server, '/s/s1')
    const card = (n: number) => page.getByRole('article', { name: `Tool: Step ${n}`, exact: true })
    await card(1000).waitFor()
    expect(await page.getByRole('article').count()).toBeLessThan(120)
    await page.getByRole('log').evaluate((box) => box.scrollTo(0, 0))
    await card(1).waitFor()

    // Three events come before the first step.
    await page.goto(`${server.url}/s/s1#seq=503`)
    await card(500).waitFor()
    await page.waitForFunction(
      () => document.activeElement?.getAttribute('data-key') === 'tool:1:t500',
    )
    // What arrives meanwhile does not move the reader, and is counted.
    const top = await card(500).evaluate((element) => element.getBoundingClientRect().top)
    session.append({ type: 'text', turn: 1, text: 'More.' })
    await page.getByRole('button', { name: '1 new · Jump to latest' }).waitFor()
    expect(await card(500).evaluate((element) => element.getBoundingClientRect().top)).toBe(top)
  })

  test('[W-71] a flood of 100,000 events: the page stays responsive, and ends with the whole log', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Flood')
    await signIn(page, server, '/s/s1')
    await page.getByRole('article', { name: 'Prompt' }).waitFor()
    await page.evaluate(`{
      globalThis.longTasks = []
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.longTasks.push(Math.round(entry.duration))
      }).observe({ type: 'longtask' })
    }`)
    const total = 100_000
    const perFrame = 250
    const began = Date.now()
    for (let n = 0; n < total; n += perFrame) {
      const events = Array.from({ length: perFrame }, (_, index) => flooded(n + index + 1))
      session.append(...events)
      // The server's own loop goes on: it has other viewers.
      await new Promise((resolve) => setImmediate(resolve))
    }
    session.append({ type: 'text', turn: 1, text: 'The end of the flood.' })
    // While it is read, keys are heard.
    const field = page.getByRole('textbox', { name: 'Prompt' })
    await field.fill('typed in the flood')
    await page.getByText('The end of the flood.').waitFor({ timeout: 120_000 })
    const tasks = await page.evaluate<number[]>('globalThis.longTasks')
    const heap = await page.evaluate<number>('performance.memory?.usedJSHeapSize ?? 0')
    console.info(
      `flood of ${total} events: ${Date.now() - began} ms, ${tasks.length} long tasks, the longest ${Math.max(0, ...tasks)} ms, heap ${Math.round(heap / 2 ** 20)} MiB`,
    )
    expect(await field.inputValue()).toBe('typed in the flood')
    expect(await page.getByRole('article').count()).toBeLessThan(120)
    await page.getByRole('log').evaluate((box) => box.scrollTo(0, 0))
    await page.getByRole('article', { name: 'Tool: Step 10', exact: true }).waitFor()
    // Each tenth is a step: the middle is where it belongs.
    await page.goto(`${server.url}/s/s1#seq=${3 + total / 2}`)
    await page.getByRole('article', { name: `Tool: Step ${total / 2}`, exact: true }).waitFor()
  }, 180_000)

  test('[W-66] the transcript is read by keys: from item to item, opened, and left to write', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Keys')
    session.append({ type: 'thought', turn: 1, text: 'First line.\n\nSecond line.' })
    session.append({ type: 'tool', turn: 1, toolCallId: 't', title: 'Look', status: 'completed' })
    await signIn(page, server, '/s/s1')
    await page.getByRole('article', { name: 'Tool: Look' }).waitFor()
    await page.getByRole('log').focus()
    const at = () => page.evaluate(() => document.activeElement?.getAttribute('data-type'))
    await page.keyboard.press('j')
    await expect.poll(at).not.toBeNull()
    while ((await at()) !== 'thought') {
      const before = await at()
      await page.keyboard.press(before === 'prompt' ? 'j' : 'k')
      await expect.poll(at).not.toBe(before)
    }
    await page.keyboard.press('o')
    await page.getByText('Second line.').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('composer')
  })

  test('[W-64] a digit answers the oldest question, and is a digit where a person types', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Ask')
    session.append(question('a1', 'Run a1?'), question('a2', 'Run a2?'))
    await signIn(page, server, '/s/s1')
    await page.getByRole('button', { name: 'Reject' }).nth(1).waitFor()
    await page.getByRole('textbox', { name: 'Prompt' }).pressSequentially('2')
    await page.getByRole('log').focus()
    await page.keyboard.press('2')
    await page.getByText('Rejected, in the browser').waitFor()
    expect(server.asked.map(({ path, body }) => [path, body['optionId']])).toEqual([
      ['/v1/sessions/s1/permissions/a1', 'no'],
    ])
    expect(await page.getByRole('textbox', { name: 'Prompt' }).inputValue()).toBe('2')
  })

  test('[W-27] a closed dialog gives the focus back, and what was typed in it is there when it is opened again', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    await signIn(page, server)
    const opener = page.getByRole('link', { name: 'New session' }).first()
    await opener.focus()
    await page.keyboard.press('Enter')
    const prompt = page.getByRole('textbox', { name: 'First prompt' })
    await prompt.fill('half a thought')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    expect(await isFocused(opener)).toBe(true)
    await page.keyboard.press('Enter')
    expect(await prompt.inputValue()).toBe('half a thought')
  })

  test('[W-77] agents that are known late take no field from under who types, and the keys go on where they were', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    server.agents = [{ name: 'demo', title: 'Demo', demo: true, found: true, missing: [] }]
    const known = Promise.withResolvers<void>()
    await page.route('**/v1/agents', async (route) => {
      await known.promise
      await route.continue()
    })
    await signIn(page, server)
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByText('Looking for agents').waitFor()
    const command = dialog.getByRole('textbox', { name: 'Command line' })
    expect(await command.count()).toBe(0)
    await page.keyboard.press('ArrowDown')
    known.resolve()
    const demo = dialog.getByRole('radio', { name: /Demo/ })
    await demo.waitFor()
    expect(await demo.isChecked()).toBe(true)
    await expect.poll(() => isFocused(demo)).toBe(true)
    await page.keyboard.press('ArrowDown')
    await command.waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('my-agent --acp')
    expect(await command.inputValue()).toBe('my-agent --acp')
  })

  test('[W-77] agents that nobody can name leave the choice of a command line', async ({
    server,
    page,
  }) => {
    server.create('s1', { title: 'Other' })
    server.refuseNext.set('GET agents', { code: 'internal', message: 'The agents were not found.' })
    await signIn(page, server)
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByText('The agents were not found.').waitFor()
    await dialog.getByRole('textbox', { name: 'Command line' }).fill('my-agent --acp')
    expect(await dialog.getByText('Looking for agents').count()).toBe(0)
    server.agents = [{ name: 'demo', title: 'Demo', demo: true, found: true, missing: [] }]
    await dialog.getByRole('button', { name: 'Look again' }).click()
    await dialog.getByRole('radio', { name: /Demo/ }).waitFor()
    expect(await dialog.getByRole('alert').count()).toBe(0)
    expect(await dialog.getByRole('textbox', { name: 'Command line' }).inputValue()).toBe(
      'my-agent --acp',
    )
  })

  test('[W-28] arrow keys walk the list, and Enter opens a session', async ({ server, page }) => {
    server.create('s1', { title: 'Second', createdAt: 1 })
    server.create('s2', { title: 'First', createdAt: 2 })
    await signIn(page, server)
    await page.getByRole('link', { name: /First/ }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Second' }).waitFor()
    expect(page.url()).toBe(`${server.url}/s/s1`)
  })

  test('[W-30] a turn that was cut off offers what can become of it until somebody has decided', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Cut')
    session.append({
      type: 'turn-ended',
      turn: 1,
      promptId: 'p1',
      outcome: 'failed',
      code: 'runner-exited',
      sentence: 'Cut off: Belay’s process beside the agent ended, and the agent with it.',
      reached: 'yes',
      retryable: true,
      action: 'continue',
      fault: 'machine',
    })
    session.change({ status: 'idle', turn: undefined })
    await signIn(page, server, '/s/s1')
    for (const name of ['Continue', 'Send again', 'Leave it'])
      await page.getByRole('button', { name }).waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('The agent was asked to continue.').waitFor()
    expect(await page.getByRole('button', { name: 'Send again' }).count()).toBe(0)
    expect(server.asked).toMatchObject([
      { path: '/v1/sessions/s1/turns/1/resolve', body: { action: 'continue' } },
    ])
  })

  test('[W-120] what holds prompts back is named above them, with all that can be done', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Held')
    const failed = { turn: 1, outcome: 'failed', code: 'agent-exited', endedAt: 1 } as const
    session.append({ type: 'prompt-accepted', promptId: 'p2', text: 'and then' })
    session.change({
      status: 'undecided',
      why: 'Paused: decide about turn 1; 1 prompt waits.',
      turn: undefined,
      held: 1,
      lastTurn: { ...failed, reached: 'yes' },
      undecided: {
        count: 1,
        turns: [{ ...failed, actions: ['continue', 'send-again', 'discard'], holds: true }],
      },
    })
    await signIn(page, server, '/s/s1')
    const row = page.getByRole('group', { name: 'Turn 1 is undecided' })
    for (const name of ['Continue', 'Send again', 'Leave it'])
      await row.getByRole('button', { name }).waitFor()
    await page.getByText('decide about turn 1; 1 prompt waits.').first().waitFor()
    expect(await page.title()).toMatch(/^\(1\) /)
    await row.getByRole('button', { name: 'Go on' }).click()
    await expect
      .poll(() => server.asked)
      .toMatchObject([{ path: '/v1/sessions/s1/queue/resume', body: { turn: 1 } }])
  })

  test('[W-31] while a turn runs a prompt can be queued with its files, moved by mouse and keys, or sent in place of the turn', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Busy')
    await signIn(page, server, '/s/s1')
    const composer = page.getByRole('textbox', { name: 'Prompt' })
    for (const text of ['first', 'second']) {
      await composer.fill(text)
      await page.getByRole('button', { name: 'Queue', exact: true }).click()
      await page.getByRole('list', { name: 'Queued prompts' }).getByText(text).waitFor()
    }
    const waiting = page.getByRole('list', { name: 'Queued prompts' }).getByRole('listitem')
    session.append({
      type: 'prompt-accepted',
      promptId: 'with-files',
      text: 'third',
      attachments: [{ id: 'a.1', name: 'shot.png', type: 'image/png', bytes: 70 }],
    })
    await waiting.filter({ hasText: 'third' }).getByText('shot.png').waitFor()
    await page.getByRole('button', { name: 'Take back prompt 3 of the queue' }).click()
    await expect.poll(() => waiting.count()).toBe(2)
    await page.getByRole('button', { name: 'Move prompt 2 of the queue up' }).click()
    await expect
      .poll(() => waiting.allInnerTexts())
      .toEqual([expect.stringContaining('second'), expect.stringContaining('first')])
    await waiting.filter({ hasText: 'first' }).focus()
    await page.keyboard.press('Alt+ArrowUp')
    await expect
      .poll(() => waiting.allInnerTexts())
      .toEqual([expect.stringContaining('first'), expect.stringContaining('second')])
    const focused = () =>
      waiting.evaluateAll((all) => all.map((row) => row === document.activeElement))
    await expect.poll(focused).toEqual([true, false])
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+ArrowDown')
    await expect.poll(focused).toEqual([false, true])
    await composer.fill('now')
    await page.getByRole('button', { name: 'Steer' }).click()
    await expect.poll(() => composer.inputValue()).toBe('')
    expect(server.asked.map(({ body }) => body).slice(-4)).toMatchObject([
      { position: 1 },
      { position: 1 },
      { position: 2 },
      { text: 'now', steer: true },
    ])
  })

  test('[W-78] the change of a queued prompt is lost neither to other doings in the queue nor to the begin of its turn', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Busy')
    for (const promptId of ['first', 'second'])
      session.append({ type: 'prompt-accepted', promptId, text: promptId })
    await signIn(page, server, '/s/s1')
    const waiting = page.getByRole('list', { name: 'Queued prompts' }).getByRole('listitem')
    await page.getByRole('button', { name: 'Edit prompt 1 of the queue' }).click()
    const field = page.getByRole('textbox', { name: 'Queued prompt' })
    await field.fill('first, but better')
    await page.keyboard.press('Alt+ArrowDown')
    await page.getByRole('button', { name: 'Move prompt 2 of the queue up' }).click()
    await expect.poll(() => waiting.first().innerText()).toContain('second')
    expect(await field.inputValue()).toBe('first, but better')
    expect(server.asked.map(({ body }) => body)).toMatchObject([{ position: 1 }])

    await page.getByRole('button', { name: 'Take back prompt 1 of the queue' }).click()
    await expect.poll(() => waiting.count()).toBe(1)
    expect(await field.inputValue()).toBe('first, but better')
    session.append({ type: 'turn-started', turn: 2, promptId: 'first', generation: 1 })
    await page.getByText(/stopped waiting before your change was saved/).waitFor()
    expect(await page.getByRole('textbox', { name: 'Prompt', exact: true }).inputValue()).toBe(
      'first, but better',
    )
  })

  test('[W-32] the status line opens on when each hop was last heard of', async ({
    server,
    page,
  }) => {
    const session = startTurn(server, 'Busy')
    session.change({ why: 'The agent has been silent for 3 min; no tool is running.' })
    await signIn(page, server, '/s/s1')
    await page.locator('summary').getByText('The agent has been silent for 3 min').click()
    const hops = page.getByRole('list', { name: 'Last proof of life' }).getByRole('listitem')
    await expect.poll(() => hops.allInnerTexts()).toEqual(['server The server is a test’s.'])
  })
})
