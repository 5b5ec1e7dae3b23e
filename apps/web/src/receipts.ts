/**
 * How far a prompt has come: accepted, delivered, taken, first output, finished, each with its time. Pure.
 *
 * Invariants:
 * - W-65 A step has a time only if the log says so; one that was jumped over, or can come no more, is not said to have been.
 */
import type { PromptItem } from '@belay/client'

export interface Receipt {
  readonly words: string
  readonly at: number | undefined
  /** `never`: it did not happen, and cannot any more. */
  readonly state: 'done' | 'to-come' | 'never'
}

export function receiptsOf(item: PromptItem): readonly Receipt[] {
  if (item.state === 'cancelled')
    return [
      receipt(item, 'On disk', item.acceptedAt),
      { words: 'Taken back before its turn', at: item.endedAt, state: 'done' },
    ]
  return [
    receipt(item, 'On disk', item.acceptedAt),
    receipt(item, 'Its turn began', item.startedAt),
    receipt(item, 'Handed to the agent’s side', item.deliveredAt ?? item.takenAt),
    receipt(item, 'Taken by the agent', item.takenAt),
    receipt(item, 'First output', item.firstOutputAt),
    receipt(item, finishWords(item), item.endedAt),
  ]
}

function receipt(item: PromptItem, words: string, at: number | undefined): Receipt {
  if (at !== undefined) return { words, at, state: 'done' }
  return { words, at, state: item.endedAt === undefined ? 'to-come' : 'never' }
}

function finishWords({ outcome }: PromptItem): string {
  switch (outcome) {
    case undefined:
    case 'completed':
      return 'Finished'
    case 'failed':
      return 'Failed'
    case 'interrupted':
      return 'Stopped'
    case 'cancelled':
      return 'Cancelled'
    case 'in-doubt':
      return 'In doubt: the agent may have seen it'
  }
}

/** How far it is in a few words, to be read without opening anything; nothing once all is as it should be. */
export function receiptWord(item: PromptItem): string {
  if (item.outcome === 'completed') return ''
  const last = receiptsOf(item).findLast(({ state }) => state === 'done')
  return `· ${last?.words ?? 'On disk'}`
}
