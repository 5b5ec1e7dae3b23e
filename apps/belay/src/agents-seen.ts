/**
 * What agents said of themselves at their last handshake, in a small file of the data folder. It only saves a start:
 * without it, or when it cannot be read, nothing is known and nothing fails.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FoundAgent } from '@belay/protocol'
import { z } from 'zod'

const seenSchema = z.record(
  z.string(),
  z.object({
    /** How it was started; started otherwise, it may be another. */
    command: z.string(),
    version: z.string().optional(),
    capabilities: z.array(z.string()),
  }),
)
export type SeenAgents = z.infer<typeof seenSchema>

const fileName = 'agents-seen.json'

export function readSeen(dataFolder: string): SeenAgents {
  try {
    return seenSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')))
  } catch {
    return {} // Not there yet, or of another version: the next handshake writes it anew.
  }
}

/** Does nothing where the data folder is not there, or belongs to somebody else. */
export function writeSeen(dataFolder: string, seen: SeenAgents): void {
  const file = join(dataFolder, fileName)
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(seen, undefined, 2)}\n`)
    renameSync(`${file}.new`, file)
  } catch {
    // What was seen is said anyhow; it is only not remembered.
  }
}

/** The agent with what it said of itself. */
export function withSeen<Agent extends FoundAgent>(agent: Agent, seen: SeenAgents): Agent {
  const said = seen[agent.name]
  if (said === undefined || said.command !== agent.command) return agent
  const { version, capabilities } = said
  return { ...agent, capabilities, ...(version === undefined ? {} : { version }) }
}
