/** How it stands with the connection to a session's agent: one snapshot, whole, the latest counts. Never logged. */
import { z } from 'zod'
import { limits } from './limits.ts'

export const agentLinkStates = [
  'idle',
  'starting',
  'ready',
  'degraded',
  'stopping',
  'backoff',
  'blocked',
  'failed',
  'disposed',
] as const

/** Why a connection is not there. `permanent` ones are not tried again by themselves. */
export const agentCauses = [
  'asked',
  'crash',
  'signal',
  'out-of-memory',
  'missing',
  'not-executable',
  'wrong-platform',
  'exited-at-once',
  'hung',
  'timeout',
  'version',
  'refused',
  'sign-in-needed',
  'unendable',
] as const
export type AgentCause = (typeof agentCauses)[number]

export const agentActions = [
  'restart-now',
  'restart',
  'retry',
  'stop',
  'cancel',
  'sign-in',
  'show-log',
] as const
export type AgentAction = (typeof agentActions)[number]

export const agentFences = ['pid-namespace', 'process-tree'] as const

/** A way to sign in that the agent's protocol carries out; the others a person goes in a terminal. */
export const signInChoiceSchema = z.object({
  id: z.string().max(limits.signInNameCharsMax),
  name: z.string().max(limits.signInNameCharsMax),
})
export type SignInChoice = z.infer<typeof signInChoiceSchema>
export const signInChoicesSchema = z.array(signInChoiceSchema).max(limits.signInChoicesMax)

export const agentLinkSchema = z
  .object({
    state: z.enum(agentLinkStates),
    generation: z.int().min(0).meta({
      description: 'Which process of the agent, from 1; 0 before the first.',
    }),
    since: z.int().meta({ description: 'When it came to this state.' }),
    attempt: z.int().min(0).meta({ description: 'Restarts by itself within the present budget.' }),
    attemptsMax: z.int().min(0),
    nextRetryAt: z.int().optional().meta({ description: 'When it starts again by itself.' }),
    cause: z
      .object({
        code: z.enum(agentCauses),
        title: z.string().max(200).meta({ description: 'One sentence: what happened.' }),
        detail: z.string().max(limits.agentDetailCharsMax).optional(),
        signIn: signInChoicesSchema.optional(),
        exit: z
          .object({ code: z.int().optional(), signal: z.string().max(40).optional() })
          .optional(),
      })
      .optional(),
    notice: z.string().max(200).optional().meta({
      description: 'One sentence about what is no loss yet: a start that takes long, say.',
    }),
    canSend: z.enum(['send', 'queue', 'no']),
    actions: z.array(z.enum(agentActions)),
    fence: z.enum(agentFences).optional().meta({
      description: 'What ends every process of the agent with it.',
    }),
  })
  .meta({ id: 'AgentLink' })
export type AgentLink = z.infer<typeof agentLinkSchema>
