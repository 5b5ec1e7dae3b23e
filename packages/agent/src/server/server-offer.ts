/** What an agent server offers to choose from, in the one vocabulary. Bounded; what cannot be read is not offered. */
import { type AgentChoices, type AgentOffer, type Chosen, limits } from '@belay/protocol'
import { z } from 'zod'

const agentsSchema = z.array(
  z.looseObject({
    name: z.string().min(1).max(limits.choiceIdCharsMax),
    description: z.string().nullish().catch(undefined),
    mode: z.string().catch('primary'),
    hidden: z.boolean().nullish().catch(undefined),
  }),
)
const commandsSchema = z.array(
  z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish().catch(undefined),
    hints: z.array(z.string()).catch([]),
  }),
)
const providersSchema = z.looseObject({
  providers: z.array(
    z.looseObject({
      id: z.string(),
      models: z.record(
        z.string(),
        z.looseObject({
          name: z.string().catch(''),
          capabilities: z
            .looseObject({ input: z.looseObject({ image: z.boolean() }) })
            .nullish()
            .catch(undefined),
          limit: z
            .looseObject({ context: z.number().min(0) })
            .nullish()
            .catch(undefined),
        }),
      ),
    }),
  ),
  default: z.record(z.string(), z.string()).catch({}),
})

export interface ServerModels {
  readonly choices: AgentChoices | undefined
  /** Tokens that fit, by the id of the model. */
  readonly contextSizes: ReadonlyMap<string, number>
  /** Ids of those that take no pictures: a server would put an excuse in their place. */
  readonly blind: ReadonlySet<string>
}

/** @param value of `GET /agent`; a mode is an agent that a person can talk to */
export function modesOf(value: unknown, chosen: Chosen): AgentChoices | undefined {
  const agents = agentsSchema.safeParse(value).data ?? []
  const available = agents
    .filter(({ mode, hidden }) => mode !== 'subagent' && hidden !== true)
    .map(({ name, description }) => ({
      id: name,
      name,
      ...(description
        ? { description: description.slice(0, limits.choiceDescriptionCharsMax) }
        : {}),
    }))
  return choices(available, chosen.mode)
}

/**
 * @param value of `GET /config/providers`
 * @param config of `GET /config`: what a person configured there holds until something is chosen
 */
export function modelsOf(value: unknown, config: unknown, chosen: Chosen): ServerModels {
  const read = providersSchema.safeParse(value).data
  const models = (read?.providers ?? []).flatMap((provider) =>
    Object.entries(provider.models).map(([model, { name, limit, capabilities }]) => ({
      id: `${provider.id}/${model}`,
      name: (name || model).slice(0, limits.choiceNameCharsMax),
      size: limit?.context,
      blind: capabilities?.input.image === false,
    })),
  )
  const [first] = Object.entries(read?.default ?? {})
  const fallback = first && `${first[0]}/${first[1]}`
  const configured = z.looseObject({ model: z.string() }).safeParse(config).data?.model
  const wanted = [chosen.model, configured, fallback].find((id) =>
    models.some((model) => model.id === id),
  )
  return {
    choices: choices(
      models
        .filter(({ id }) => id.length <= limits.choiceIdCharsMax)
        .map(({ id, name }) => ({ id, name })),
      wanted,
    ),
    blind: new Set(models.flatMap(({ id, blind }) => (blind ? [id] : []))),
    contextSizes: new Map(
      models.flatMap(({ id, size }) => (size === undefined ? [] : [[id, size] as const])),
    ),
  }
}

/** @param value of `GET /command` */
export function commandsOf(value: unknown): NonNullable<AgentOffer['commands']> {
  return (commandsSchema.safeParse(value).data ?? [])
    .slice(0, limits.agentChoicesMax)
    .map(({ name, description, hints }) => ({
      name: name.slice(0, limits.choiceNameCharsMax),
      description: (description ?? '').slice(0, limits.choiceDescriptionCharsMax),
      ...(hints.length === 0
        ? {}
        : { hint: hints.join(' ').slice(0, limits.choiceDescriptionCharsMax) }),
    }))
}

/** The chosen one, else the first; the current one is kept whatever is cut. */
function choices(
  available: AgentChoices['available'],
  chosen: string | undefined,
): AgentChoices | undefined {
  const current = available.find(({ id }) => id === chosen) ?? available[0]
  if (current === undefined) return undefined
  const ordered =
    available.length > limits.agentChoicesMax
      ? [current, ...available.filter(({ id }) => id !== current.id)]
      : available
  return { current: current.id, available: ordered.slice(0, limits.agentChoicesMax) }
}
