/** What an agent told whoever talks to it, kept for a test to look at. */
import type { AgentOffer } from '@belay/protocol'
import type { Ask } from '../../ask.ts'
import type { AgentUpdate } from '../../translate.ts'
import type { AgentEvents } from '../adapter.ts'

export class Heard {
  readonly updates: AgentUpdate[] = []
  readonly asks: { readonly id: number; readonly ask: Ask }[] = []
  readonly gone: number[] = []
  readonly offers: AgentOffer[] = []
  readonly refusals: string[] = []
  readonly unreadable: string[] = []
  readonly notes: string[] = []
  /** The ears to give to the connection. */
  readonly on = {
    update: (update) => this.updates.push(update),
    offer: (offer) => this.offers.push(offer),
    choiceRefused: (message) => this.refusals.push(message),
    askUnreadable: (message) => this.unreadable.push(message),
    permission: (id, ask) => this.asks.push({ id, ask }),
    permissionGone: (id) => this.gone.push(id),
    note: (line) => this.notes.push(line),
  } satisfies AgentEvents

  /** What the agent said, without its thoughts. */
  text(): string {
    return this.updates
      .filter(({ sessionUpdate }) => sessionUpdate === 'agent_message_chunk')
      .map(({ content }) => JSON.stringify(content).replaceAll(/^.*"text":"|"\}$/g, ''))
      .join('')
  }
}
