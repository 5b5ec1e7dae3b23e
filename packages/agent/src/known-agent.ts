/** What is known of an agent that has a name here. `registry.ts` and `more-agents.ts` have the table. */
import type { AgentProtocol } from '@belay/protocol'

/** Evidence that an agent can reach its model: a variable that is set, or a file below the home folder. */
export type Proof = { readonly env: string } | { readonly file: string }

export interface KnownAgent {
  readonly name: string
  readonly title: string
  /** Ships with Belay and only shows what a session is. */
  readonly demo: boolean
  /** Programs looked for on the PATH and in `node_modules/.bin`, the best first. */
  readonly binaries: readonly string[]
  /** Files looked for in `node_modules` before `.bin`: a program itself starts faster than the script npm wraps it in. */
  readonly packaged: readonly string[]
  readonly args: readonly string[]
  /** Default: ACP on stdio. */
  readonly protocol?: AgentProtocol
  readonly proofs: readonly Proof[]
  /** What to do when no proof is found, in words. */
  readonly missing: string
  /** How it is had on this machine, as what a person runs or reads; absent for what ships with Belay. */
  readonly install?: string
  /** How one signs in, as what a person does in a terminal of the same machine. */
  readonly signIn?: string
}
