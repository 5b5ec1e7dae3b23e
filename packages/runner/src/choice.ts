/** What a person chose of the agent's offer, and what an agent that is there still has to hear of it. */
import type { Chosen } from '@belay/protocol'

/** What was chosen after an agent was started with `atStart`. */
export function sinceStart({ mode, model }: Chosen, atStart: Chosen): Chosen {
  return {
    ...(mode === undefined || mode === atStart.mode ? {} : { mode }),
    ...(model === undefined || model === atStart.model ? {} : { model }),
  }
}
