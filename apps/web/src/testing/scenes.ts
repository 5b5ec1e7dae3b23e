/**
 * Sessions in every state that a person can see, for screenshots and for what must hold on each screen. What they show
 * is made up; how each state looks is the page's own.
 */
import { endings, type SessionView } from '@belay/protocol'
import { finishedTurn, type LogEntry } from '@belay/testing'
import type { PageServer } from './page-server.ts'
import type { PageSession } from './page-session.ts'

const minute = 60_000
const hour = 60 * minute
const repository = {
  type: 'repository',
  url: 'https://git.example/shop/api.git',
  branch: 'main',
} as const
const codex = { name: 'Codex', demo: false }
const claude = { name: 'Claude Code', demo: false }

/** Fills a server with sessions. @param now what "just now" is */
export function fillScenes(server: PageServer, now: number): void {
  server.agents = [
    {
      name: 'claude',
      title: 'Claude Code',
      demo: false,
      found: true,
      command: '/usr/local/bin/claude-agent-acp',
      missing: [],
    },
    {
      name: 'codex',
      title: 'Codex',
      demo: false,
      found: true,
      command: '/usr/local/bin/codex-acp',
      missing: ['a sign-in: run “codex login”, or set OPENAI_API_KEY'],
    },
    {
      name: 'gemini',
      title: 'Gemini CLI',
      demo: false,
      found: false,
      missing: ['the command “gemini”'],
    },
    {
      name: 'demo',
      title: 'Demo agent',
      demo: true,
      found: true,
      command: 'belay demo-agent',
      missing: [],
    },
  ]
  asks(server, now)
  failed(server, now)
  inDoubt(server, now)
  working(server, now)
  finished(server, now)
  idle(server, now)
  for (const session of server.sessions.values()) session.change(offers)
}

function ended(turn: number, at: number): NonNullable<SessionView['lastTurn']> {
  return { turn, outcome: 'completed', code: 'end-turn', endedAt: at, reached: 'yes' }
}

function begin(session: PageSession, at: number, text: string): void {
  session.appendAt(
    at,
    { type: 'prompt-accepted', promptId: 'p1', text },
    { type: 'preparation-started', attempt: 1, generation: 1 },
  )
  session.appendAt(
    at + 1800,
    { type: 'session-ready' },
    { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 },
  )
  session.appendAt(at + 2100, { type: 'turn-taken', turn: 1 })
}

function asks(server: PageServer, now: number): void {
  const at = now - 3 * minute
  const session = server.create('asks', {
    title: 'Retry payments that timed out',
    status: 'waiting-person',
    why: 'Waiting for you: Run npm run migrate',
    agent: claude,
    workspace: repository,
    createdAt: at,
    turn: { turn: 1, promptId: 'p1', phase: 'running', startedAt: at + 1800, openTools: ['t3'] },
    permissions: [
      {
        permissionId: 'ask1',
        turn: 1,
        title: 'Run npm run migrate',
        toolCallId: 't3',
        options: options(),
        askedAt: now - 40_000,
      },
    ],
  })
  begin(session, at, 'Payments that time out are lost. Retry each of them once, and write a test.')
  session.appendAt(
    at + 4000,
    {
      type: 'thought',
      turn: 1,
      text: 'The timeout is raised in charge(), so the retry belongs around it.',
    },
    {
      type: 'plan',
      turn: 1,
      entries: [
        { content: 'Find where a payment times out', priority: 'high', status: 'completed' },
        { content: 'Retry once, with the same key', priority: 'high', status: 'in_progress' },
        { content: 'Write a test', priority: 'medium', status: 'pending' },
      ],
    },
    {
      type: 'text',
      turn: 1,
      text: 'A payment times out in `charge()`. The provider takes an **idempotency key**, so a second try cannot charge twice.\n\n',
    },
  )
  session.appendAt(at + 9000, readTool(), diffTool())
  session.appendAt(
    now - 40_000,
    {
      type: 'tool',
      turn: 1,
      toolCallId: 't3',
      title: 'npm run migrate',
      kind: 'execute',
      status: 'pending',
    },
    {
      type: 'permission-asked',
      turn: 1,
      permissionId: 'ask1',
      title: 'Run npm run migrate',
      toolCallId: 't3',
      options: options(),
    },
  )
}

function options() {
  return [
    { optionId: 'once', name: 'Allow once', kind: 'allow_once' as const },
    {
      optionId: 'always',
      name: 'Yes, and don’t ask again for commands that start with `npm run migrate --workspace packages/payments`',
      kind: 'allow_always' as const,
    },
    {
      optionId: 'no',
      name: 'No, and tell the agent what to do differently',
      kind: 'reject_once' as const,
    },
  ]
}

function readTool(): LogEntry {
  return {
    type: 'tool',
    turn: 1,
    toolCallId: 't1',
    title: 'Read src/pay.ts',
    kind: 'read',
    status: 'completed',
    locations: [{ path: 'src/pay.ts', line: 12 }],
  }
}

function diffTool(): LogEntry {
  return {
    type: 'tool',
    turn: 1,
    toolCallId: 't2',
    title: 'Edit src/pay.ts',
    kind: 'edit',
    status: 'completed',
    content: [
      {
        type: 'diff',
        path: 'src/pay.ts',
        oldText: 'export async function pay(order: Order) {\n  return charge(order)\n}\n',
        newText:
          'export async function pay(order: Order) {\n  // The key makes a second try the same payment.\n  return retry(() => charge(order, { key: order.id }), { times: 1 })\n}\n',
      },
    ],
  }
}

function failed(server: PageServer, now: number): void {
  const at = now - 11 * minute
  const stderr = [
    'fatal: could not read Username for https://git.example: terminal prompts disabled',
  ]
  const message =
    'The repository https://git.example/shop/web.git asks for a sign-in, and no token was given.'
  const session = server.create('attention', {
    title: 'Dark mode for the shop',
    status: 'attention',
    why: message,
    agent: codex,
    agentChoice: { name: 'claude' },
    workspace: {
      type: 'repository',
      url: 'https://git.example/shop/web.git',
      workBranch: 'belay/dark',
    },
    setup: ['npm ci'],
    createdAt: at,
    queued: 1,
    steps: [
      { step: 'disk', status: 'done', since: at, ms: 4 },
      {
        step: 'clone',
        status: 'failed',
        since: at + 10,
        ms: 2210,
        tail: `Cloning into '.'\n${stderr[0]}`,
      },
    ],
    problem: { code: 'clone-failed', message, stderr },
    queue: [{ promptId: 'p1', text: 'Add a dark mode.', textBytes: 16, at }],
    runner: { state: 'none', generation: 0 },
  })
  session.appendAt(
    at,
    { type: 'prompt-accepted', promptId: 'p1', text: 'Add a dark mode.' },
    { type: 'preparation-started', attempt: 1, generation: 1 },
  )
  session.appendAt(at + 2300, {
    type: 'preparation-failed',
    attempt: 1,
    step: 'clone',
    code: 'clone-failed',
    message,
    stderr,
  })
}

function inDoubt(server: PageServer, now: number): void {
  const at = now - 26 * minute
  const session = server.create('doubt', {
    title: 'Bump the linter',
    status: 'undecided',
    why: `Decide about turn 1: ${endings['in-doubt'].sentence}`,
    undecided: {
      count: 1,
      turns: [
        {
          turn: 1,
          outcome: 'in-doubt',
          code: 'in-doubt',
          endedAt: at + 30_000,
          actions: ['send-again', 'discard'],
        },
      ],
    },
    agent: codex,
    createdAt: at,
    lastTurn: {
      turn: 1,
      outcome: 'in-doubt',
      code: 'in-doubt',
      endedAt: at + 30_000,
      reached: 'maybe',
      actions: ['send-again', 'discard'],
    },
  })
  begin(session, at, 'Bump the linter to its newest version.')
  session.appendAt(at + 30_000, {
    type: 'turn-ended',
    turn: 1,
    promptId: 'p1',
    outcome: 'in-doubt',
    code: 'in-doubt',
    sentence: 'The prompt may not have arrived: the agent was lost before it gave a sign of it.',
    reached: 'maybe',
    retryable: true,
    action: 'send-again',
    fault: 'machine',
  })
}

function working(server: PageServer, now: number): void {
  const at = now - 90_000
  const session = server.create('working', {
    title: 'Why is the nightly build slow?',
    status: 'waiting-tool',
    why: 'The tool “npm test” is running.',
    agent: claude,
    createdAt: at,
    turn: { turn: 1, promptId: 'p1', phase: 'running', startedAt: at + 1800, openTools: ['t1'] },
  })
  begin(session, at, 'Why is the nightly build slow?')
  session.appendAt(
    now - 31_000,
    { type: 'text', turn: 1, text: 'I will measure before I guess.' },
    {
      type: 'tool',
      turn: 1,
      toolCallId: 't1',
      title: 'npm test',
      kind: 'execute',
      status: 'in_progress',
    },
  )
  server.create('preparing', {
    title: 'Translate the docs',
    status: 'preparing',
    why: 'Cloning the repository.',
    agent: codex,
    workspace: repository,
    createdAt: now - 8000,
    setup: ['npm ci'],
    steps: [
      { step: 'disk', status: 'done', since: now - 7900, ms: 3 },
      {
        step: 'clone',
        status: 'started',
        since: now - 7800,
        tail: 'Receiving objects: 62% (18210/29370)',
      },
    ],
    runner: { state: 'starting', generation: 1 },
  })
}

const firstPatch = `diff --git a/src/search.ts b/src/search.ts
index 3b1..9c2 100644
--- a/src/search.ts
+++ b/src/search.ts
@@ -8,7 +8,9 @@ export function search(text: string) {
   const words = text.split(/\\s+/)
-  return rows.filter((row) => row.includes(text))
+  return rows.filter((row) =>
+    words.every((word) => row.toLowerCase().includes(word.toLowerCase())),
+  )
 }
diff --git a/src/search.test.ts b/src/search.test.ts
new file mode 100644
--- /dev/null
+++ b/src/search.test.ts
@@ -0,0 +1,5 @@
+import { search } from './search.ts'
+
+test('every word must be there', () => {
+  expect(search('Red shoe')).toEqual(['A red running shoe'])
+})
`
const secondPatch = `diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -3 +3,2 @@
 Search finds a product by its name.
+Every word that is typed must be in it.
`

function finished(server: PageServer, now: number): void {
  const at = now - 40 * minute
  const session = server.create('finished', {
    title: 'Search for every word',
    why: 'Waiting for the next prompt.',
    agent: claude,
    workspace: repository,
    createdAt: at,
    lastTurn: ended(2, at + 9 * minute),
  })
  begin(session, at, 'The search should find all words, in any order.')
  session.appendAt(at + 20_000, {
    type: 'text',
    turn: 1,
    text: 'Done: `search()` now wants every word.',
  })
  session.appendAt(
    at + 2 * minute,
    {
      type: 'turn-changes',
      turn: 1,
      files: [
        { path: 'src/search.ts', status: 'changed', added: 3, removed: 1 },
        { path: 'src/search.test.ts', status: 'added', added: 5, removed: 0 },
      ],
      patch: firstPatch,
    },
    finishedTurn(1, 'p1'),
  )
  session.appendAt(
    at + 8 * minute,
    { type: 'prompt-accepted', promptId: 'p2', text: 'Say so in the README.' },
    { type: 'turn-started', turn: 2, promptId: 'p2', generation: 1 },
    { type: 'turn-taken', turn: 2 },
    { type: 'text', turn: 2, text: 'The README says it now.' },
  )
  session.appendAt(
    at + 9 * minute,
    {
      type: 'turn-changes',
      turn: 2,
      files: [{ path: 'README.md', status: 'changed', added: 1, removed: 0 }],
      patch: secondPatch,
    },
    finishedTurn(2, 'p2'),
  )
}

function idle(server: PageServer, now: number): void {
  const titles = ['Upgrade to Node 24', 'A flaky test in checkout', 'Explain the cache to me']
  for (const [index, title] of titles.entries())
    server.create(`idle-${index}`, {
      title,
      why: 'Waiting for the next prompt.',
      agent: index === 2 ? { name: 'Demo agent', demo: true } : codex,
      createdAt: now - (index + 5) * hour,
    })
}

const models = ['gpt-5.1-codex-max', 'gpt-5.1-codex', 'gpt-5.1-codex-mini'].flatMap((model) =>
  ['low', 'medium', 'high', 'extra high'].map((effort) => ({
    id: `${model}/${effort}`,
    name: `${model} (${effort}, for work that takes its time)`,
  })),
)

/** As Codex says what it offers: much, and with long names. */
const offers: Partial<SessionView> = {
  modes: {
    current: 'auto',
    available: [
      {
        id: 'read-only',
        name: 'Read Only',
        description: 'It asks before it changes a file or runs a command.',
      },
      {
        id: 'auto',
        name: 'Default: works in the workspace, asks to leave it',
        description: 'It changes files and runs commands in the workspace without asking.',
      },
      {
        id: 'full-access',
        name: 'Full Access, also to the network and outside of the workspace',
        description: 'It asks nothing.',
      },
    ],
  },
  models: { current: 'gpt-5.1-codex-max/medium', available: models },
  commands: [
    {
      name: 'review',
      description: 'Review what is not committed yet, and name the faults.',
      hint: 'what to look for',
    },
    { name: 'review-branch', description: 'Review a branch against another.', hint: 'branch' },
    { name: 'init', description: 'Write an AGENTS.md for this project.' },
    { name: 'compact', description: 'Sum the conversation up, so that more fits in.' },
  ],
}
