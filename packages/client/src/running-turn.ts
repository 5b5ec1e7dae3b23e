/** What is known of the turn that runs. */

export interface RunningTurn {
  readonly turn: number
  readonly promptId: string
  readonly startedAt: number
  /** The agent has said or done something in it. */
  readonly heard?: true
  /** Questions that are open, since when, and how long others were. */
  readonly asking: number
  readonly askingSince: number
  readonly waitedMs: number
  /** The key of the latest question about each tool. */
  readonly asked: Readonly<Record<string, string>>
}

/** How long a person was waited for in it until then. */
export function waitedBy({ asking, askingSince, waitedMs }: RunningTurn, at: number): number {
  return waitedMs + (asking === 0 ? 0 : at - askingSince)
}
