/**
 * What an ACP agent offers to choose from and says it has used, in one vocabulary whatever way it says it.
 *
 * An agent may say its modes and models as configuration options (newer) or as fields of their own (older); it may send
 * both, and then the options count, as ACP says.
 *
 * Invariants:
 * - A-90 What is offered is cut to its limits and never invented: without a current value nothing is offered.
 */
import { type AgentChoices, type AgentOffer, limits } from '@belay/protocol'
import { z } from 'zod'
import type { AgentUpdate } from './translate.ts'

/** How one of a kind is chosen: by its own method, or by the configuration option of this id. */
export type Chooser = { readonly type: 'method' } | { readonly type: 'option'; readonly id: string }
export interface Choosers {
  readonly mode?: Chooser
  readonly model?: Chooser
}
export interface ReadOffer {
  readonly offer: AgentOffer
  readonly choosers: Choosers
}

const text = z.string()
const maybe = text.nullish()
const itemSchema = z.object({ value: text, name: maybe, description: maybe })
const groupSchema = z.object({ options: z.array(itemSchema) })
const optionSchema = z.object({
  id: text,
  type: z.literal('select'),
  category: maybe,
  currentValue: text,
  options: z.array(z.union([groupSchema, itemSchema])),
})
const optionsSchema = z.object({ configOptions: z.array(z.unknown()) })
const modesSchema = z.object({
  modes: z.object({
    currentModeId: text,
    availableModes: z.array(z.object({ id: text, name: maybe, description: maybe })),
  }),
})
const modelsSchema = z.object({
  models: z.object({
    currentModelId: text,
    availableModels: z.array(z.object({ modelId: text, name: maybe, description: maybe })),
  }),
})

/** @param answer of a request that opens a session, or of one that sets an option; anything else reads as nothing */
export function offerOfAnswer(answer: unknown): ReadOffer {
  const modes = modesSchema.safeParse(answer).data?.modes
  const models = modelsSchema.safeParse(answer).data?.models
  const read = [
    modes && choices(modes.currentModeId, modes.availableModes),
    models &&
      choices(
        models.currentModelId,
        models.availableModels.map(({ modelId, ...rest }) => ({ id: modelId, ...rest })),
      ),
  ] as const
  const options = offerOfOptions(answer)
  return {
    offer: {
      ...(read[0] === undefined ? {} : { modes: read[0] }),
      ...(read[1] === undefined ? {} : { models: read[1] }),
      ...options.offer,
    },
    choosers: {
      ...(read[0] === undefined ? {} : { mode: { type: 'method' } }),
      ...(read[1] === undefined ? {} : { model: { type: 'method' } }),
      ...options.choosers,
    },
  }
}

function offerOfOptions(answer: unknown): ReadOffer {
  const all = optionsSchema.safeParse(answer).data?.configOptions ?? []
  const selects = all.flatMap((option) => optionSchema.safeParse(option).data ?? [])
  const mode = selects.find(({ id, category }) => (category ?? id) === 'mode')
  const model = selects.find(({ id, category }) => (category ?? id) === 'model')
  const modes = mode && choicesOfOption(mode)
  const models = model && choicesOfOption(model)
  return {
    offer: {
      ...(modes === undefined ? {} : { modes }),
      ...(models === undefined ? {} : { models }),
    },
    choosers: {
      ...(mode === undefined || modes === undefined
        ? {}
        : { mode: { type: 'option', id: mode.id } }),
      ...(model === undefined || models === undefined
        ? {}
        : { model: { type: 'option', id: model.id } }),
    },
  }
}

function choicesOfOption(option: z.infer<typeof optionSchema>): AgentChoices | undefined {
  const items = option.options.flatMap((entry) => ('options' in entry ? entry.options : [entry]))
  return choices(
    option.currentValue,
    items.map(({ value, ...rest }) => ({ id: value, ...rest })),
  )
}

interface Item {
  readonly id: string
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
}

/** Bounded. The current one is kept whatever is cut. */
function choices(current: string, items: readonly Item[]): AgentChoices | undefined {
  const usable = items.filter(({ id }) => isId(id))
  if (!isId(current) || usable.length === 0) return undefined
  const ordered =
    usable.length > limits.agentChoicesMax
      ? [...usable.filter(({ id }) => id === current), ...usable.filter(({ id }) => id !== current)]
      : usable
  return {
    current,
    available: ordered.slice(0, limits.agentChoicesMax).map(({ id, name, description }) => ({
      id,
      name: (name ?? id).slice(0, limits.choiceNameCharsMax),
      ...(description ? { description: cut(description) } : {}),
    })),
  }
}

function isId(id: string): boolean {
  return id !== '' && id.length <= limits.choiceIdCharsMax
}

function cut(description: string): string {
  return description.slice(0, limits.choiceDescriptionCharsMax)
}

const commandsSchema = z.object({
  availableCommands: z.array(
    z.object({
      name: text.min(1),
      description: maybe,
      input: z.object({ hint: maybe }).nullish().catch(undefined),
    }),
  ),
})
const currentModeSchema = z.object({ currentModeId: text })
const usageSchema = z.object({
  used: z.number().min(0),
  size: z.number().min(0),
  cost: z
    .object({ amount: z.number().min(0), currency: text })
    .nullish()
    .catch(undefined),
})

type Row = (update: AgentUpdate, before: AgentOffer) => ReadOffer | undefined

/** A row answers `undefined` for what it cannot read: then the update is carried as any other. */
const table: Readonly<Record<string, Row>> = {
  current_mode_update: (update, { modes }) => {
    const current = currentModeSchema.safeParse(update).data?.currentModeId
    if (current === undefined || modes === undefined || !isId(current)) return undefined
    return { offer: { modes: { ...modes, current } }, choosers: {} }
  },
  config_option_update: (update) => {
    const read = offerOfOptions(update)
    return Object.keys(read.offer).length === 0 ? undefined : read
  },
  available_commands_update: (update) => {
    const read = commandsSchema.safeParse(update).data
    if (read === undefined) return undefined
    const commands = read.availableCommands
      .slice(0, limits.agentChoicesMax)
      .map(({ name, description, input }) => ({
        name: name.slice(0, limits.choiceNameCharsMax),
        description: cut(description ?? ''),
        ...(input?.hint ? { hint: cut(input.hint) } : {}),
      }))
    return { offer: { commands }, choosers: {} }
  },
  usage_update: (update) => {
    const read = usageSchema.safeParse(update).data
    if (read === undefined) return undefined
    const { used, size, cost } = read
    const inDollars = cost?.currency.toUpperCase() === 'USD' ? { costUsd: cost.amount } : {}
    return {
      offer: { usage: { contextUsed: used, contextSize: size, ...inDollars } },
      choosers: {},
    }
  },
}

/** @returns what an update offers, or `undefined` when it is of another kind or cannot be read */
export function offerOfUpdate(update: AgentUpdate, before: AgentOffer): ReadOffer | undefined {
  return table[update.sessionUpdate]?.(update, before)
}

const spentSchema = z.object({
  usage: z.object({
    inputTokens: z.number().min(0).nullish().catch(undefined),
    outputTokens: z.number().min(0).nullish().catch(undefined),
  }),
})

/** @param answer of a prompt: some agents say in it what it took */
export function offerOfPrompt(answer: unknown): AgentOffer | undefined {
  const usage = spentSchema.safeParse(answer).data?.usage
  if (usage?.inputTokens == null && usage?.outputTokens == null) return undefined
  return {
    usage: {
      ...(usage.inputTokens == null ? {} : { inputTokens: usage.inputTokens }),
      ...(usage.outputTokens == null ? {} : { outputTokens: usage.outputTokens }),
    },
  }
}
