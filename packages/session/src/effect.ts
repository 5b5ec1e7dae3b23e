/** What a session asks the world to do, after its decision is on disk. Each carries the generation it belongs to. */
import type { CallbackBody, Command } from '@belay/protocol'
import type { CallbackAddress } from './state.ts'

/** What is tried until it has happened, and told when it has not yet. */
export type RefusedEffect = 'start-runner' | 'stop-runner' | 'probe-runner' | 'remove-files'

export type SessionEffect =
  /** Must happen. Outcome: the runner's hello, or `runner-start-failed`. */
  | { readonly type: 'start-runner'; readonly generation: number }
  /** Must happen. End the runner of this generation and its agent, whatever they do. Outcome: `runner-stopped`. */
  | { readonly type: 'stop-runner'; readonly generation: number }
  /**
   * Must happen. Remove what the session owns on disk, but for a worktree with something in it that is nowhere else, unless
   * that is to be discarded. Outcome: `files-removed`.
   */
  | { readonly type: 'remove-files'; readonly discard?: true }
  /** Lost with the socket; sent again after the next hello, because `commands` still holds it. */
  | {
      readonly type: 'send'
      readonly generation: number
      readonly n: number
      readonly command: Command
    }
  /**
   * Look at the facts: is the runner's process alive, by its lock, and what does its spool still hold?
   * Outcome: the reports and `runner-exited`; or, when `final`, `runner-silent`.
   */
  | { readonly type: 'probe-runner'; readonly generation: number; readonly final: boolean }
  /** Must happen. Tell the end of a turn to the session's callback. Outcome: `callback-tried`. */
  | {
      readonly type: 'deliver-callback'
      readonly turn: number
      readonly attempt: number
      /** The same for every attempt. */
      readonly callbackId: string
      readonly target: CallbackAddress
      /** The most one attempt may take. */
      readonly tryMs: number
      readonly endedAt: number
      readonly data: CallbackBody['data']
    }
