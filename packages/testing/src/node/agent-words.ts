/**
 * What Belay says of a real agent that cannot be used: signed in nowhere, or mute. Both are made so on purpose: a home with
 * nothing in it, and a process that is stopped before it can answer.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { adapterOf } from '@belay/agent/adapters'
import { probeFence } from '@belay/agent/node'
import { hermetic } from './codex.ts'
import type { RealAgent } from './real-agents.ts'

export interface AgentWords {
  readonly signedOut: string
  readonly mute: string
}

/** How long a mute agent is waited for here; a session waits longer, and says how long. */
const muteMs = 2000
const startMs = 60_000

export async function wordsOf(agent: RealAgent, folder: string): Promise<AgentWords> {
  const home = mkdtempSync(join(folder, 'nobody-'))
  // Where it is found is no sign-in.
  const { PATH = '' } = agent.env
  const nobody = { ...hermetic(home), ...(PATH === '' ? {} : { PATH }) }
  return {
    signedOut: await opening(agent, { folder, env: nobody, ms: startMs, stopped: false }),
    mute: await opening(agent, { folder, env: agent.env, ms: muteMs, stopped: true }),
  }
}

interface Opening {
  readonly folder: string
  readonly env: RealAgent['env']
  readonly ms: number
  readonly stopped: boolean
}

/** @returns why it could not be used, in our words; "works" when it could */
async function opening(
  { command, args, protocol }: RealAgent,
  { folder, env, ms, stopped }: Opening,
): Promise<string> {
  const connection = adapterOf(protocol).connect({
    command,
    args,
    env,
    cwd: folder,
    marker: `words.${process.pid}.${performance.now()}`,
    fence: await probeFence(),
    version: '0',
    startMs: ms,
    on: {
      update: () => {},
      offer: () => {},
      choiceRefused: () => {},
      askUnreadable: () => {},
      permission: () => {},
      permissionGone: () => {},
      note: () => {},
    },
  })
  const { pid } = connection.process
  if (stopped && pid !== undefined) process.kill(-pid, 'SIGSTOP')
  const opened = await connection.open(undefined)
  connection.process.kill()
  await connection.end()
  return 'ok' in opened ? 'works' : opened.failure.message
}
