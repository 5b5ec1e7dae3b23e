/** What goes wrong around an agent: with Belay's own processes, the lines between them, and the machine. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askedCommand } from '@belay/testing'
import { killHard, temporaryFolder } from '@belay/testing/node'
import { acts, type Failure } from './failure.ts'
import { addressFile, type FailureWorld } from './failure-world.ts'

const long = '[[slow 2000 50]]'

/** Whoever reads has no server that answers. */
const away = {
  says: 'does not answer; agents go on without it.',
  act: acts.dial,
  on: ['ls', 'why', 'page'],
  line: 'viewer',
  before: (world: FailureWorld) => world.working(long),
} as const satisfies Partial<Failure>

async function isAsked(world: FailureWorld): Promise<void> {
  await world.create(askedCommand('touch asked.txt'))
  await world.page
    .getByRole('button', { name: /^(Allow|Yes|Approve)/i })
    .first()
    .waitFor()
}

export const machineFailures: readonly Failure[] = [
  {
    id: 'runner-killed',
    of: 'runner',
    what: 'Belay’s process beside Codex is killed (`kill -9`) in a turn',
    says: 'Cut off: Belay’s process beside the agent ended, and the agent with it.',
    act: acts.decide,
    before: (world) => world.working(long),
    fault: async (world) => killHard(world.runnerPid()),
  },
  {
    id: 'runner-frozen',
    of: 'runner',
    what: 'Belay’s process beside Codex stands still (`kill -STOP`) in a turn',
    says: 'Connection to the agent lost',
    act: acts.nothing,
    before: (world) => world.working(long),
    fault: async (world) => void process.kill(world.runnerPid(), 'SIGSTOP'),
    after: async (world) => killHard(world.runnerPid()),
  },
  {
    id: 'runner-given-up',
    of: 'runner',
    what: 'The same, and it does not come back',
    says: 'Cut off: Belay lost its process beside the agent, and ended the agent.',
    act: acts.decide,
    patienceMs: 20_000,
    before: (world) => world.working(long),
    fault: async (world) => void process.kill(world.runnerPid(), 'SIGSTOP'),
  },
  {
    id: 'server-killed',
    of: 'server',
    what: 'The server is killed (`kill -9`) in a turn',
    ...away,
    fault: (world) => world.killServer(),
    after: (world) => world.restartServer(),
  },
  {
    id: 'server-back',
    of: 'server',
    what: 'It is started again',
    says: 'The server of Belay was started again; the agent went on meanwhile, and nothing was lost.',
    act: acts.nothing,
    on: ['page'],
    async before(world) {
      await world.working(long)
      await world.killServer()
    },
    fault: (world) => world.restartServer(),
  },
  {
    id: 'server-frozen',
    of: 'server',
    what: 'The server stands still (`kill -STOP`)',
    ...away,
    fault: async (world) => void process.kill(world.server.pid, 'SIGSTOP'),
    after: async (world) => void process.kill(world.server.pid, 'SIGCONT'),
  },
  {
    id: 'network-viewer',
    of: 'network',
    what: 'The line from browser and command line to the server is lost without a word',
    ...away,
    fault: (world) => world.viewers.stall(),
    after: (world) => world.viewers.heal(),
  },
  {
    id: 'network-runner',
    of: 'network',
    what: 'The line from the server to Belay’s process beside Codex is lost without a word',
    says: 'Connection to the agent lost',
    act: acts.nothing,
    async before(world) {
      const address: object = JSON.parse(readFileSync(addressFile(world), 'utf8'))
      const url = `http://127.0.0.1:${world.runners.port}`
      writeFileSync(addressFile(world), JSON.stringify({ ...address, url }))
      await world.working(long)
    },
    fault: (world) => world.runners.stall(),
    after: (world) => world.runners.heal(),
  },
  {
    id: 'disk-store',
    of: 'disk',
    what: 'The disk with Belay’s data is full in a turn',
    says: 'is full. The agent goes on and is not read; free some space, and all goes on by itself.',
    act: acts.nothing,
    diskMiB: 64,
    server: ['--min-disk', '1'],
    before: (world) => world.working(long),
    fault: async (world) => fill(world.dataFolder),
    after: async (world) => rmSync(join(world.dataFolder, 'filler')),
  },
  {
    id: 'disk-start',
    of: 'disk',
    what: 'The disk has too little room for a session',
    says: 'are asked for. Free some, or start the server with another --min-disk.',
    told: 'Only … are free on the disk of …, and … are asked for. Free some, or start the server with another --min-disk.',
    act: acts.retry,
    server: ['--min-disk', '1000000000'],
    fault: (world) => world.create('hello'),
  },
  {
    id: 'folder-deleted',
    of: 'folder',
    what: 'The folder of a session is not there',
    says: 'gone on this machine.',
    told: 'There is no folder … on this machine.',
    act: acts.retry,
    fault: (world) => world.create('hello', { workspace: { type: 'folder', path: missing() } }),
  },
  {
    id: 'folder-no-repository',
    of: 'folder',
    what: 'A worktree is asked of a folder that is no Git repository',
    says: 'is in no Git repository, so it has no worktree: run "git init" and commit there, or work in the folder itself.',
    act: acts.retry,
    fault: (world) =>
      world.create('hello', {
        workspace: { type: 'folder', path: temporaryFolder('plain'), worktree: true },
      }),
  },
  {
    id: 'folder-file',
    of: 'folder',
    what: 'A file is where a folder should be',
    says: 'notes.txt is not a folder.',
    told: '… is not a folder.',
    act: acts.retry,
    fault(world) {
      const path = join(temporaryFolder('plain'), 'notes.txt')
      writeFileSync(path, 'a file')
      return world.create('hello', { workspace: { type: 'folder', path } })
    },
  },
  {
    id: 'clone-refused',
    of: 'network',
    what: 'The address of a repository answers nothing',
    says: 'The repository could not be cloned after 3 tries: fatal: unable to access',
    act: acts.retry,
    patienceMs: 20_000,
    fault: (world) =>
      world.create('hello', {
        workspace: { type: 'repository', url: 'http://127.0.0.1:1/repository.git' },
      }),
  },
  {
    id: 'asked',
    of: 'permission',
    what: 'Codex asks, and nobody answers',
    says: 'touch asked.txt',
    told: 'Waiting for you: touch asked.txt',
    act: acts.answer,
    // Written so that the prompt does not hold the words of the question.
    fault: (world) =>
      world.create(askedCommand('touch asked.txt').replace('touch', String.raw`\u0074ouch`), {
        title: 'A question',
      }),
  },
  {
    id: 'asked-and-killed',
    of: 'permission',
    what: 'Codex is killed while it asks',
    says: 'The agent was killed (SIGKILL), from outside or for lack of memory.',
    act: acts.decide,
    before: isAsked,
    fault: async (world) => world.killAgent(),
  },
  {
    id: 'asked-too-late',
    of: 'permission',
    what: 'A question is not answered in time',
    says: 'Not answered in time',
    act: acts.nothing,
    on: ['page'],
    server: ['--deadline', 'permissionMs=4000'],
    patienceMs: 4000,
    before: isAsked,
    // Its time runs since it was asked.
    fault: () => Promise.resolve(),
  },
]

function missing(): string {
  return join(temporaryFolder('plain'), 'gone')
}

/** Leaves no room at all. */
function fill(folder: string): void {
  const path = join(folder, 'filler')
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
      } catch {
        break
      }
    }
  }
}
