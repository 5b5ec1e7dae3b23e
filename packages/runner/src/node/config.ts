/** What a runner is told when it is started. */
import { generationSchema, sessionIdSchema } from '@belay/protocol'
import { z } from 'zod'

const ms = z.int().min(1)

export const runnerConfigSchema = z.object({
  session: sessionIdSchema,
  generation: generationSchema,
  /** Opens the channel of this session and generation, and nothing else. */
  token: z.string().min(1),
  /** Holds `server.json`. */
  dataFolder: z.string().min(1),
  /** The runner's own: lock, spool, log. */
  runnerFolder: z.string().min(1),
  /** Where a clone goes. */
  workspaceFolder: z.string().min(1),
  version: z.string(),
  /** How the demo agent is started. */
  demoCommand: z.array(z.string()),
  /** The most each step may take. */
  bounds: z.object({
    workspaceMs: ms,
    cloneMs: ms,
    branchMs: ms,
    setupMs: ms,
    agentStartMs: ms,
    agentSessionMs: ms,
    checkpointMs: ms,
    restoreMs: ms,
    finishMs: ms,
  }),
  diskFreeBytesMin: z.int().min(0),
})
export type RunnerConfig = z.infer<typeof runnerConfigSchema>
