/**
 * What an agent offers in a session: modes, models and commands to choose from, and what it has used so far. The present
 * state, the latest of each counts; never logged.
 */
import { z } from 'zod'
import { limits } from './limits.ts'

const choiceIdSchema = z.string().min(1).max(limits.choiceIdCharsMax)
const nameSchema = z.string().max(limits.choiceNameCharsMax)
const descriptionSchema = z.string().max(limits.choiceDescriptionCharsMax)

export const agentChoicesSchema = z
  .object({
    current: choiceIdSchema,
    available: z
      .array(
        z.object({
          id: choiceIdSchema,
          name: nameSchema,
          description: descriptionSchema.optional(),
        }),
      )
      .max(limits.agentChoicesMax),
  })
  .meta({ id: 'AgentChoices', description: 'What may be chosen, and what is.' })
export type AgentChoices = z.infer<typeof agentChoicesSchema>

export const agentCommandsSchema = z
  .array(
    z.object({
      name: nameSchema.min(1),
      description: descriptionSchema,
      hint: descriptionSchema.optional().meta({ description: 'What may follow the command.' }),
    }),
  )
  .max(limits.agentChoicesMax)

const count = z.number().min(0)
/** As the agent tells it: what it does not tell is absent. */
export const agentUsageSchema = z
  .object({
    inputTokens: count.optional(),
    outputTokens: count.optional(),
    contextUsed: count.optional().meta({ description: 'Tokens in the context now.' }),
    contextSize: count.optional().meta({ description: 'Tokens that fit into the context.' }),
    costUsd: count.optional().meta({ description: 'Of the whole session, as the agent says.' }),
  })
  .meta({ id: 'AgentUsage' })
export type AgentUsage = z.infer<typeof agentUsageSchema>

export const agentOfferSchema = z.object({
  modes: agentChoicesSchema.optional(),
  models: agentChoicesSchema.optional(),
  commands: agentCommandsSchema.optional().meta({
    description: 'Slash commands: a prompt that begins with "/" and the name.',
  }),
  usage: agentUsageSchema.optional(),
})
export type AgentOffer = z.infer<typeof agentOfferSchema>

/** What a person chose of an offer; it is chosen again whenever the agent is started. */
export const chosenSchema = z.object({
  mode: choiceIdSchema.optional(),
  model: choiceIdSchema.optional(),
})
export type Chosen = z.infer<typeof chosenSchema>

/** What was chosen, after the agent said what is: it may change its mode by itself, and that holds from then on. */
export function followOffer(chosen: Chosen, { modes, models }: AgentOffer): Chosen {
  return {
    ...chosen,
    ...(chosen.mode === undefined || modes === undefined ? {} : { mode: modes.current }),
    ...(chosen.model === undefined || models === undefined ? {} : { model: models.current }),
  }
}

/** The offer after the agent told more of it. */
export function mergeOffer(before: AgentOffer, told: AgentOffer): AgentOffer {
  const usage = told.usage === undefined ? before.usage : { ...before.usage, ...told.usage }
  return { ...before, ...told, ...(usage === undefined ? {} : { usage }) }
}
