/** Each screen and state of the page, and the way to it, for screenshots and for what must hold on all of them. */
import type { Page } from 'playwright-core'
import type { PageServer } from './page-server.ts'

export interface Scene {
  readonly name: string
  readonly path: string
  /** What is waited for, as a text on the screen. */
  readonly text: string
  readonly narrow?: true
  readonly signedOut?: true
  /** What is done once it is open. */
  readonly act?: (page: Page, server: PageServer) => Promise<void>
}

export const scenes: readonly Scene[] = [
  { name: 'session', path: '/s/asks', text: 'Allow once' },
  { name: 'list', path: '/', text: 'Choose a session' },
  {
    name: 'empty',
    path: '/',
    text: 'Start your first session',
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
    act: (_, server) => server.stop(),
  },
  { name: 'narrow-list', path: '/', text: 'Asks you', narrow: true },
  { name: 'narrow-session', path: '/s/asks', text: 'Allow once', narrow: true },
]

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
  await page.getByText(text).filter({ visible: true }).first().waitFor()
}
