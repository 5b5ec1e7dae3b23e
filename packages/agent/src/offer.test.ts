import { agentOfferSchema, limits } from '@belay/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { offerOfAnswer, offerOfPrompt, offerOfUpdate } from './offer.ts'

const a = { id: 'a', name: 'A' }

test.each([
  [
    { modes: { currentModeId: 'a', availableModes: [{ id: 'a', name: 'A', description: null }] } },
    { modes: { current: 'a', available: [a] } },
    { mode: { type: 'method' } },
  ],
  [
    { models: { currentModelId: 'a', availableModels: [{ modelId: 'a', name: 'A' }] } },
    { models: { current: 'a', available: [a] } },
    { model: { type: 'method' } },
  ],
  // The options count where both are said.
  [
    {
      modes: { currentModeId: 'old', availableModes: [{ id: 'old' }] },
      configOptions: [
        {
          id: 'm',
          category: 'mode',
          type: 'select',
          currentValue: 'a',
          options: [{ value: 'a', name: 'A' }],
        },
        { id: 'x', category: 'from the future', type: 'select', currentValue: 'a', options: [] },
        { id: 'b', type: 'boolean', currentValue: true },
      ],
    },
    { modes: { current: 'a', available: [a] } },
    { mode: { type: 'option', id: 'm' } },
  ],
  [
    {
      configOptions: [
        {
          id: 'model',
          type: 'select',
          currentValue: 'a',
          options: [{ group: 'g', name: 'G', options: [{ value: 'a', name: 'A' }] }],
        },
      ],
    },
    { models: { current: 'a', available: [a] } },
    { model: { type: 'option', id: 'model' } },
  ],
  [{ sessionId: 's', modes: null, configOptions: null }, {}, {}],
  [undefined, {}, {}],
])('[A-90] %j is read', (answer, offer, choosers) => {
  expect(offerOfAnswer(answer)).toEqual({ offer, choosers })
})

const modes = { current: 'a', available: [a, { id: 'b', name: 'B' }] }

test.each([
  [
    { sessionUpdate: 'current_mode_update', currentModeId: 'b' },
    { modes: { ...modes, current: 'b' } },
  ],
  [
    {
      sessionUpdate: 'available_commands_update',
      availableCommands: [
        { name: 'x', description: 'X', input: { hint: 'what' } },
        { name: 'y', description: 'Y', input: null },
      ],
    },
    {
      commands: [
        { name: 'x', description: 'X', hint: 'what' },
        { name: 'y', description: 'Y' },
      ],
    },
  ],
  [
    { sessionUpdate: 'usage_update', used: 3, size: 9, cost: { amount: 0.1, currency: 'USD' } },
    { usage: { contextUsed: 3, contextSize: 9, costUsd: 0.1 } },
  ],
  [
    { sessionUpdate: 'usage_update', used: 3, size: 9, cost: { amount: 1, currency: 'EUR' } },
    { usage: { contextUsed: 3, contextSize: 9 } },
  ],
])('[A-90] %j is an offer', (update, offer) => {
  expect(offerOfUpdate(update, { modes })?.offer).toEqual(offer)
})

test.each([
  [{ sessionUpdate: 'usage_update', used: 3 }],
  [{ sessionUpdate: 'available_commands_update' }],
  [{ sessionUpdate: 'config_option_update', configOptions: [] }],
  [{ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'x' } }],
])('[A-90] %j is none', (update) => {
  expect(offerOfUpdate(update, { modes })).toBeUndefined()
})

test('[A-90] a mode nobody offered before is none', () => {
  const update = { sessionUpdate: 'current_mode_update', currentModeId: 'b' }
  expect(offerOfUpdate(update, {})).toBeUndefined()
})

test('[A-90] what a prompt took is read where the agent says it', () => {
  expect(
    offerOfPrompt({ stopReason: 'end_turn', usage: { inputTokens: 5, outputTokens: 2 } }),
  ).toEqual({ usage: { inputTokens: 5, outputTokens: 2 } })
  expect(offerOfPrompt({ stopReason: 'end_turn' })).toBeUndefined()
})

test('[A-90] whatever an agent offers fits the wire, and the current one is among it', () => {
  const long = fc.string({ maxLength: 400, size: 'max' })
  const short = fc.string({ maxLength: 202, size: 'max' })
  const item = fc.record({ id: short, name: long, description: long })
  const items = fc.array(item, { minLength: 1, maxLength: 300, size: 'max' })
  let cut = 0
  fc.assert(
    fc.property(items, fc.nat(300), (list, index) => {
      const current = list[index % list.length]?.id ?? ''
      const { offer } = offerOfAnswer({ modes: { currentModeId: current, availableModes: list } })
      expect(() => agentOfferSchema.parse(offer)).not.toThrow()
      if (offer.modes?.available.length === limits.agentChoicesMax) cut += 1
      const { available = [{ id: current }] } = offer.modes ?? {}
      expect(available.some(({ id }) => id === current)).toBe(true)
    }),
    { numRuns: 40 },
  )
  expect(cut).toBeGreaterThan(0)
})
