/**
 * What can happen to a connection: intents of people, facts of one process (each with its generation), and time.
 *
 * `exited` is told exactly once for each launch, also of a command that could not be started.
 */
import type { AgentExit } from '../exit.ts'
import type { Cause } from './cause.ts'

/** A start that was not one, told by the adapter while the process may live. */
export interface StartFailure {
  readonly code: 'sign-in-needed' | 'agent-error' | 'agent-exited' | 'timeout' | 'version'
  readonly message: string
  /** The agent's own words, where `message` is ours. */
  readonly detail?: string
  readonly signIn?: readonly { readonly id: string; readonly name: string }[]
}

export type ConnectionIntent =
  /** Somebody wants to use the agent. */
  | { readonly type: 'start' }
  /** A person's Retry: supersedes whatever goes on. */
  | { readonly type: 'retry' }
  /** Not wanted any more, until somebody wants it again. */
  | { readonly type: 'stop' }
  | { readonly type: 'dispose' }

export type ConnectionFact =
  | { readonly type: 'launched'; readonly generation: number }
  /** There is nothing to launch, or it would be of no use; no process came to be. Followed by no `exited`. */
  | { readonly type: 'unlaunchable'; readonly generation: number; readonly cause: Cause }
  /** A line of a server that does not listen yet: it is on its way. */
  | { readonly type: 'start-sign'; readonly generation: number }
  | { readonly type: 'handshaken'; readonly generation: number }
  | { readonly type: 'attached'; readonly generation: number }
  | { readonly type: 'start-failed'; readonly generation: number; readonly failure: StartFailure }
  /** The agent answered that it needs a sign-in, while it was ready. */
  | ({ readonly type: 'sign-in-needed'; readonly generation: number } & Pick<
      StartFailure,
      'message' | 'detail' | 'signIn'
    >)
  /** Its output ended or its input broke. The exit, which is the same loss, follows or is made to follow. */
  | { readonly type: 'closed'; readonly generation: number }
  | {
      readonly type: 'exited'
      readonly generation: number
      readonly exit: AgentExit
      /** The system ended a process for want of memory during its life. */
      readonly oomKilled: boolean
    }
  /** The adapter asked it as often as it should have, and it answers nothing. */
  | { readonly type: 'hung'; readonly generation: number }
  | { readonly type: 'stream-lost'; readonly generation: number }
  | { readonly type: 'stream-restored'; readonly generation: number }
  | {
      readonly type: 'probed'
      readonly generation: number
      readonly epoch: number
      readonly alive: boolean
    }

export type ConnectionInput =
  | ConnectionIntent
  | ConnectionFact
  /** A deadline may have passed. */
  | { readonly type: 'alarm' }
