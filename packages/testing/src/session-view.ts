/** A session as viewers are shown it, for tests that show one. */
import type { SessionView } from '@belay/protocol'

/** An idle session whose runner is there. @param part what the test is about */
export function sessionView(part: Partial<SessionView> = {}): SessionView {
  return {
    id: 's1',
    title: 'One',
    status: 'idle',
    why: 'Waiting for a prompt.',
    agent: { name: 'Scripted', demo: false },
    agentChoice: { name: 'scripted' },
    workspace: { type: 'folder', path: '/tmp' },
    createdAt: 1,
    queued: 0,
    attempt: 1,
    steps: [],
    queue: [],
    permissions: [],
    runner: { state: 'linked', generation: 1 },
    ...part,
  }
}
