/** What the scripted model remembers of a request, for tests to look at. */
import type { DialectName } from './dialect.ts'
import type { ToolCall } from './tool-call.ts'

export interface ModelRequest {
  /** From 1, in order of arrival. */
  readonly n: number
  readonly path: string
  readonly dialect: DialectName | undefined
  /** One letter a message, of user, assistant and tool: `uat`. */
  readonly roles: string
  readonly tools: readonly string[]
  /** What it was shown, as `data:` addresses, in their order. */
  readonly pictures: readonly string[]
  /** The directives that were played, as `slow`, `write`, … */
  readonly played: readonly string[]
  readonly call: ToolCall | undefined
  /** HTTP status of the answer; 0 until there is one. */
  readonly status: number
  readonly tokensSent: number
  /** True when the agent hung up before the answer's end. */
  readonly aborted: boolean
  /** True when the script destroyed the socket. */
  readonly dropped: boolean
  /** True when the exchange is over, whoever ended it. */
  readonly over: boolean
}

export type MutableModelRequest = { -readonly [Key in keyof ModelRequest]: ModelRequest[Key] }

export function newModelRequest(n: number, path: string): MutableModelRequest {
  return {
    n,
    path,
    dialect: undefined,
    roles: '',
    tools: [],
    pictures: [],
    played: [],
    call: undefined,
    status: 0,
    tokensSent: 0,
    aborted: false,
    dropped: false,
    over: false,
  }
}
