/**
 * What one ACP agent offers, and choosing of it. `../offer.ts` reads it; `acp.ts` owns the conversation.
 *
 * Invariants:
 * - A-91 Nothing is told of the offer before what a person chose is chosen again: the agent's default is no change of mind.
 * - A-92 Only what is offered is chosen, by the way it was offered; a refusal says what holds instead.
 */
import { type AgentOffer, type Chosen, mergeOffer } from '@belay/protocol'
import {
  type Choosers,
  offerOfAnswer,
  offerOfPrompt,
  offerOfUpdate,
  type ReadOffer,
} from '../offer.ts'
import type { AgentUpdate } from '../translate.ts'
import type { AgentEvents, Answer } from './adapter.ts'

/** Choosing is a matter of memory for an agent; one that takes longer does something else. */
const chooseMsMax = 15_000

type Ask = (method: string, params: object, msMax: number) => Promise<Answer<unknown>>

const methodOf = { mode: 'session/set_mode', model: 'session/set_model' } as const
const optionMethod = 'session/set_config_option'

export class AcpOffer {
  readonly #on: AgentEvents
  readonly #ask: Ask
  #offer: AgentOffer = {}
  #choosers: Choosers = {}
  #open = false

  constructor(on: AgentEvents, ask: Ask) {
    this.#on = on
    this.#ask = ask
  }

  /** The conversation is there, by this answer. */
  async opened(answer: unknown, chosen: Chosen): Promise<void> {
    this.#learn(offerOfAnswer(answer))
    for (const kind of ['mode', 'model'] as const) {
      const id = chosen[kind]
      if (id !== undefined && this.#current(kind) !== id) await this.choose(kind, id)
    }
    this.#open = true
    if (Object.keys(this.#offer).length > 0) this.#on.offer(this.#offer)
  }

  /** @returns whether the update was one of the offer, and is dealt with */
  hear(update: AgentUpdate): boolean {
    const read = offerOfUpdate(update, this.#offer)
    if (read !== undefined) this.#learn(read)
    return read !== undefined
  }

  hearPrompt(answer: unknown): void {
    const offer = offerOfPrompt(answer)
    if (offer !== undefined) this.#learn({ offer, choosers: {} })
  }

  async choose(of: 'mode' | 'model', id: string): Promise<void> {
    const chooser = this.#choosers[of]
    const part = of === 'mode' ? 'modes' : 'models'
    const choices = this.#offer[part]
    if (chooser === undefined || choices?.available.some((choice) => choice.id === id) !== true)
      return this.#refused(part, `The agent offers no ${of} "${id}" any more`)
    const answer =
      chooser.type === 'option'
        ? await this.#ask(optionMethod, { configId: chooser.id, value: id }, chooseMsMax)
        : await this.#ask(methodOf[of], { [`${of}Id`]: id }, chooseMsMax)
    if ('failure' in answer)
      return this.#refused(
        part,
        `The agent did not take the ${of} "${id}" (${answer.failure.message})`,
      )
    const read = offerOfAnswer(answer.ok)
    this.#learn(
      read.offer[part] === undefined
        ? { offer: { [part]: { ...choices, current: id } }, choosers: {} }
        : read,
    )
  }

  #current(of: 'mode' | 'model'): string | undefined {
    return this.#offer[of === 'mode' ? 'modes' : 'models']?.current
  }

  #refused(part: 'modes' | 'models', what: string): void {
    const choices = this.#offer[part]
    const goesOn = choices === undefined ? '' : `; it goes on with "${choices.current}"`
    this.#on.choiceRefused(`${what}${goesOn}.`)
    if (this.#open && choices !== undefined) this.#on.offer({ [part]: choices })
  }

  #learn({ offer, choosers }: ReadOffer): void {
    const changed = Object.keys(offer).length > 0
    this.#offer = mergeOffer(this.#offer, offer)
    this.#choosers = { ...this.#choosers, ...choosers }
    if (changed && this.#open) this.#on.offer(offer)
  }
}
