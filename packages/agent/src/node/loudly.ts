/**
 * Listeners that are called from where others catch: an SDK answers the agent with what its handlers throw, and nobody
 * else would ever hear of it.
 */

/** Calls a listener. What it throws is a fault of ours: it is thrown once more, where nobody catches, and ends the process. */
export function loudly(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
