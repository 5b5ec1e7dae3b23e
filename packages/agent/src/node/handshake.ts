/**
 * One handshake with an agent, to see what it is and what it can: started behind the fence, asked once, ended.
 *
 * Invariants:
 * - A-82 Whatever the agent does, a handshake ends within its limit and leaves no process.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentAdapter, Answer, Initialized } from './adapter.ts'
import type { ResolvedAgent } from './detect.ts'
import { probeFence } from './fence.ts'
import { connectRedacted } from './redacted.ts'
import { type Environment, readSettings } from './secret.ts'

export interface HandshakeOptions {
  /** Of the agent's protocol. */
  readonly adapter: AgentAdapter
  readonly env: Environment
  /** Of Belay. */
  readonly version: string
  /** From the start of the agent to its answer. */
  readonly msMax: number
}

/** @returns what the agent said of itself, or why it said nothing, in one sentence. Never rejects. */
export async function handshake(
  { run, settings }: ResolvedAgent,
  { adapter, env, version, msMax }: HandshakeOptions,
): Promise<Answer<Initialized>> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-handshake-'))
  try {
    const connection = connectRedacted(adapter, {
      ...run,
      cwd: folder,
      ...readSettings(settings, env),
      marker: `handshake.${process.pid}.${Date.now()}`,
      fence: await probeFence(),
      version,
      startMs: msMax,
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
    const answer = await connection.initialized
    await connection.end()
    return answer
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { failure: { code: 'agent-error', message } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In words, for people. */
export function capabilitiesOf({ load, resume, prompt, mcpHttp }: Initialized): string[] {
  return [
    ...(load ? ['load'] : []),
    ...(resume ? ['resume'] : []),
    ...(prompt.image ? ['images'] : []),
    ...(prompt.resource ? ['embedded files'] : []),
    ...(mcpHttp ? ['MCP over HTTP'] : []),
  ]
}
