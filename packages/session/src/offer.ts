/**
 * What the agent offers: the latest of it, and what a person chose of it.
 *
 * - S-82 The view carries the modes, models, commands and usage as the agent told them last; no event is made of them.
 * - S-83 A mode or model is chosen only from what the agent offers, and is kept for every later start of it.
 */
import {
  type AgentChoice,
  type AgentOffer,
  followOffer,
  mergeOffer,
  type ReportOf,
} from '@belay/protocol'
import { type Change, post, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import type { Offer, SessionState } from './state.ts'

export function takeOffer(change: Change, report: ReportOf<'agent-offer'>): void {
  const { type: _, ...told } = report
  const { chosen, ...before } = change.state.offer
  set(change, 'offer', {
    ...mergeOffer(before, told),
    ...(chosen === undefined ? {} : { chosen: followOffer(chosen, told) }),
  })
}

export function choose(
  change: Change,
  { of, id }: Extract<SessionInput, { type: 'chosen' }>,
): SessionReply {
  const { offer, runner } = change.state
  const part = of === 'mode' ? 'modes' : 'models'
  const choices = offer[part]
  if (choices === undefined)
    return refuse('not-offered', `The agent has not said that it has ${part} to choose from.`)
  if (!choices.available.some((choice) => choice.id === id))
    return refuse('not-offered', `The agent offers no ${of} "${id}".`)
  if (choices.current === id && offer.chosen?.[of] === id) return { type: 'done' }
  // Shown at once; an agent that refuses says what holds instead.
  set(change, 'offer', {
    ...offer,
    [part]: { ...choices, current: id },
    chosen: { ...offer.chosen, [of]: id },
  })
  if (runner.type !== 'none') post(change, { type: 'choose', [of]: id })
  return { type: 'done' }
}

/** Before the agent said anything: what its settings choose. */
export function offerFor({ mode, model }: AgentChoice): Offer {
  if (mode === undefined && model === undefined) return {}
  const chosen = {
    ...(mode === undefined ? {} : { mode }),
    ...(model === undefined ? {} : { model }),
  }
  return { chosen }
}

/** For the view. */
export function offered({ offer }: SessionState): AgentOffer {
  const { chosen: _, ...told } = offer
  return told
}
