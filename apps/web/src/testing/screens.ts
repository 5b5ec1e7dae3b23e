/** Each screen and state of the page, and the way to it, for screenshots and for what must hold on all of them. */
import type { Page } from 'playwright-core'
import type { PageServer } from './page-server.ts'
import { askForSignIn, failWithQueue } from './scene-changes.ts'

export interface Scene {
  readonly name: string
  readonly path: string
  /** What is waited for, as a text on the screen. */
  readonly text: string
  /** The same where there is room for the list alone. */
  readonly narrowText?: string
  readonly narrow?: true
  readonly signedOut?: true
  /** What is done once it is open. */
  readonly act?: (page: Page, server: PageServer) => Promise<void>
}

export const scenes: readonly Scene[] = [
  { name: 'session', path: '/s/asks', text: 'Allow once' },
  { name: 'list', path: '/', text: 'Choose a session', narrowText: 'Asks you' },
  {
    name: 'empty',
    path: '/',
    text: 'Start your first session',
    narrowText: 'No sessions yet',
    act: async (page, server) => {
      server.sessions.clear()
      await page.reload()
    },
  },
  { name: 'sign-in', path: '/', text: 'Sign in', signedOut: true },
  { name: 'failed', path: '/s/attention', text: 'could not be prepared' },
  { name: 'in-doubt', path: '/s/doubt', text: 'Send again' },
  { name: 'preparing', path: '/s/preparing', text: 'Preparing the session' },
  { name: 'tool', path: '/s/working', text: 'I will measure before I guess.' },
  { name: 'changes', path: '/s/finished/changes', text: 'What this session changed' },
  {
    name: 'restore',
    path: '/s/finished/changes',
    text: 'You changed it since turn 2.',
    act: async (page, server) => {
      server.plan = longPlan
      await page.getByRole('button', { name: /README/ }).click()
      await page.getByRole('button', { name: /Restore/ }).click()
    },
  },
  {
    name: 'undo',
    path: '/s/finished/changes',
    text: 'taken back',
    act: async (page, server) => {
      await page.getByText('What this session changed').waitFor()
      const restored = { type: 'restored', turn: 2, to: 'before', files: 1 } as const
      server.sessions.get('finished')?.append(restored)
    },
  },
  {
    name: 'queue',
    path: '/s/working',
    text: 'trace.png',
    act: async (_, server) => {
      const trace = { id: 'q1.1', name: 'trace.png', type: 'image/png', bytes: 48_213 }
      server.sessions.get('working')?.append(
        {
          type: 'prompt-accepted',
          promptId: 'q1',
          text: 'Is it the step in this picture?',
          attachments: [trace],
        },
        { type: 'prompt-accepted', promptId: 'q2', text: 'Then make it half as long.' },
      )
    },
  },
  { name: 'log', path: '/s/finished/log', text: 'session-ready' },
  { name: 'settings', path: '/settings', text: 'Deadlines' },
  { name: 'new', path: '/new', text: 'Start session' },
  {
    name: 'new-more',
    path: '/new',
    text: 'After a failed turn',
    act: async (page) => {
      const more = page.getByText('Setup commands, commits, failed turns')
      await more.click()
      await page.getByText('Go on with the next prompt').click()
      await more.evaluate((one) => one.scrollIntoView())
    },
  },
  {
    name: 'new-shared',
    path: '/',
    text: 'In a worktree of its own',
    act: async (page, server) => {
      server.place = {
        exists: true,
        git: { top: '/home/me/project', branch: 'main' },
        sessions: [{ id: 'asks', title: 'Make the login remember people', status: 'working' }],
      }
      await page.keyboard.press('c')
      await page.getByRole('textbox', { name: 'Folder' }).fill('/home/me/project')
    },
  },
  {
    name: 'left',
    path: '/s/finished',
    text: 'The session is deleted',
    act: async (page, server) => {
      server.left = {
        path: '/home/me/.belay/workspaces/s1abc',
        branch: 'belay/measure-s1abc',
        why: 'The worktree stays, because it would take along what is nowhere else: 2 uncommitted changes (src/a.ts, src/b.ts) and 3 files or folders that Git ignores, such as .env, node_modules/, a.log. It is /home/me/.belay/workspaces/s1abc, on the branch belay/measure-s1abc; once you have what you want of it, "git worktree remove --force" removes it.',
      }
      await page.getByRole('button', { name: 'Delete session' }).click()
      await page.getByRole('button', { name: 'Delete', exact: true }).click()
    },
  },
  { name: 'edit', path: '/new?edit=attention', text: 'Edit and retry' },
  {
    name: 'keys',
    path: '/',
    text: 'Go to the settings',
    act: (page) => page.keyboard.press('?'),
  },
  {
    name: 'palette',
    path: '/s/asks',
    text: 'Commands',
    act: (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'commands',
    path: '/s/idle-0',
    text: 'Review a branch against another.',
    act: async (page) => {
      await page.getByRole('textbox', { name: 'Prompt' }).focus()
      await page.keyboard.type('/re')
      await page.keyboard.press('ArrowDown')
    },
  },
  {
    name: 'away',
    path: '/s/working',
    text: 'Reconnecting',
    act: async (page, server) => {
      await allRead(page)
      await server.stop()
    },
  },
  {
    name: 'unsent',
    path: '/s/working',
    text: 'Not sent yet',
    act: async (page, server) => {
      await allRead(page)
      await server.stop()
      await page.getByRole('button', { name: 'Stop' }).click()
      await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('And last week’s?')
      await page.getByRole('button', { name: 'Queue' }).click()
      await page.getByText('Not stopped yet').waitFor()
    },
  },
  {
    name: 'recovering',
    path: '/s/working',
    text: 'Connection to the agent lost.',
    act: async (page, server) => {
      await allRead(page)
      const graceUntil = Date.now() + 9000
      const runner = { state: 'lost', generation: 1, graceUntil } as const
      server.sessions.get('working')?.change({ status: 'recovering', runner })
    },
  },
  {
    name: 'recovering-list',
    path: '/',
    text: 'Recovering',
    act: async (page, server) => {
      await page.locator('a.row').first().waitFor()
      const why = 'Connection to the agent lost. Waiting 9 s more; its output is kept.'
      server.sessions.get('working')?.change({ status: 'recovering', why })
    },
  },
  {
    name: 'held',
    path: '/s/working',
    text: 'Go on',
    act: async (page, server) => {
      await allRead(page)
      failWithQueue(server, Date.now())
    },
  },
  {
    name: 'held-list',
    path: '/',
    text: 'Paused',
    act: async (page, server) => {
      await page.locator('a.row').first().waitFor()
      failWithQueue(server, Date.now())
    },
  },
  {
    name: 'agent-sign-in',
    path: '/s/attention',
    text: 'Sign in: ',
    act: async (page, server) => {
      await page.getByText('could not be prepared').waitFor()
      askForSignIn(server, Date.now())
    },
  },
  {
    name: 'frozen',
    path: '/s/finished',
    text: 'Not sent yet',
    act: async (page) => {
      await page.route('**/prompts', () => new Promise<never>(() => {}))
      await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('And in the help?')
      await page.getByRole('button', { name: 'Send' }).click()
    },
  },
  {
    name: 'settled',
    path: '/s/asks',
    text: 'Allowed once, in the browser',
    act: async (page, server) => {
      await page.getByRole('button', { name: 'Allow once' }).click()
      const why = 'The tool “npm run migrate” is running.'
      server.sessions.get('asks')?.change({ status: 'waiting-tool', why, permissions: [] })
    },
  },
  { name: 'narrow-list', path: '/', text: 'Asks you', narrow: true },
  { name: 'narrow-session', path: '/s/asks', text: 'Allow once', narrow: true },
]

/** The list and the working session are on the screen, or beside it where there is little room. */
async function allRead(page: Page): Promise<void> {
  await page.locator('a.row').first().waitFor({ state: 'attached' })
  await page.getByText('I will measure').waitFor()
}

/** More files than are listed at once, and of each kind one that stays. */
const longPlan: PageServer['plan'] = {
  back: [
    { path: 'README.md', does: 'change' },
    { path: 'docs/old-search.md', does: 'create' },
    ...Array.from({ length: 14 }, (_, index) => ({
      path: `src/search/generated/part-${index + 1}-of-the-index-of-words.ts`,
      does: 'remove' as const,
    })),
  ],
  stay: [
    {
      path: 'src/search.ts',
      why: 'changed-since',
      message: 'You changed it since turn 2.',
      canTake: true,
    },
    {
      path: 'src/search.test.ts',
      why: 'shared',
      message: 'Session “Faster search” changed it too.',
      canTake: true,
    },
    { path: '.env.local', why: 'ignored', message: 'Git ignores it by now.', canTake: false },
  ],
  notes: ['vendor/words: a repository of its own, so what is in it stays as it is.'],
}

/** Opens a screen, signed in unless it is for who is not. */
export async function openScene(page: Page, server: PageServer, scene: Scene): Promise<void> {
  const { path, text, act, signedOut } = scene
  await page.goto(`${server.url}${path}${signedOut === true ? '' : `#token=${server.token}`}`)
  if (signedOut !== true) await page.locator('.app').waitFor()
  await page.waitForLoadState('networkidle')
  await act?.(page, server)
  const isNarrow = (page.viewportSize()?.width ?? 0) <= 760
  const awaited = isNarrow ? (scene.narrowText ?? text) : text
  await page.getByText(awaited).filter({ visible: true }).first().waitFor()
}
