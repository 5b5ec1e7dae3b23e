/** What an agent is started with: its settings, with the secrets they name read now. */
import { join } from 'node:path'
import { readSettings, type ResolvedAgent } from '@belay/agent/node'
import type { Chosen } from '@belay/protocol'

interface Start {
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What a person chose in the session: it counts more than the agent's own settings. */
  readonly chosen: Chosen
}

/** @throws an error whose message is one sentence, when a secret is not where it was said to be */
export function launchOf({ run, settings }: ResolvedAgent, { folder, env, chosen }: Start) {
  const { cwd, mode, model } = settings
  return {
    options: {
      ...run,
      cwd: cwd === undefined ? folder : join(folder, cwd),
      ...readSettings(settings, env),
    },
    chosen: {
      ...(mode === undefined ? {} : { mode }),
      ...(model === undefined ? {} : { model }),
      ...chosen,
    },
  }
}
