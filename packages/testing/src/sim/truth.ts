/**
 * What really happened, where nobody can look in reality: inside the agents.
 *
 * Owns: the checks that need nothing else. `log-check.ts` holds the log against it.
 */
import type { Inhabitant, Machine } from './machine.ts'
import type { Stage } from './stage.ts'

/** What an agent did about one prompt. */
export interface Deeds {
  readonly text: string
  readonly by: Inhabitant
  said: string
  stopReason: string | undefined
}

export class Truth {
  readonly #stage: Stage
  readonly #machine: Machine
  readonly #deeds = new Map<string, Deeds>()

  /** What is known of the workspace after each turn: `session turn`. */
  readonly #looked = new Map<string, 'changed' | 'unchanged'>()

  constructor(stage: Stage, machine: Machine) {
    this.#stage = stage
    this.#machine = machine
  }

  /** `undefined` when no agent has heard of the prompt. */
  of(promptId: string): Deeds | undefined {
    return this.#deeds.get(promptId)
  }

  get prompts(): number {
    return this.#deeds.size
  }

  agentHeard(agent: Inhabitant, promptId: string, text: string): void {
    this.#stage.say(agent.process.name, () => `hears ${text}`)
    const before = this.#deeds.get(promptId)
    if (before !== undefined) {
      this.#stage.violate(
        'prompt-once',
        `${promptId} reached ${agent.process.name} after it had reached ${before.by.process.name}`,
      )
    }
    this.#deeds.set(promptId, { text, by: agent, said: '', stopReason: undefined })
    const others = this.#machine.agentsOf(agent.session).filter((other) => other !== agent)
    const [other] = others
    if (other !== undefined) {
      this.#stage.violate(
        'one-owner',
        `${agent.process.name} works while ${other.process.name} lives`,
      )
    }
  }

  workspaceLookedAt(session: string, turn: number, what: 'changed' | 'unchanged'): void {
    this.#looked.set(`${session} ${turn}`, what)
  }

  /** `undefined` when nobody looked at what it changed. */
  changesOf(session: string, turn: number): 'changed' | 'unchanged' | undefined {
    return this.#looked.get(`${session} ${turn}`)
  }

  agentSaid(promptId: string, text: string): void {
    const deeds = this.#deeds.get(promptId)
    if (deeds !== undefined) deeds.said += text
  }

  agentStopped(promptId: string, stopReason: string): void {
    const deeds = this.#deeds.get(promptId)
    if (deeds !== undefined) deeds.stopReason = stopReason
  }
}
