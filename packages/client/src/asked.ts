/**
 * Whether a tool was allowed, and how long a person was waited for: what the questions of a turn say of its work.
 *
 * - V-172 A tool that was asked about and that nobody allowed did not run, whatever its agent calls that.
 * - V-173 The time of a turn is told as work and as waiting for a person.
 * - V-234 The time of a tool is its own: that of the question about it is not in it.
 */
import type { PermissionItem, ToolItem, TurnEndItem } from './item.ts'

/** The question whose answer a tool waits for, if one was put. */
type Asked = Pick<PermissionItem, 'state' | 'options' | 'optionId'>

function isAllowed({ state, options, optionId }: Asked): boolean {
  const chosen = options.find((option) => option.optionId === optionId)
  // What is neither is the agent's own: a question with an answer, which it goes on with.
  return state === 'answered' && chosen?.kind.startsWith('reject') !== true
}

/**
 * What became of a tool, given the question about it.
 * @param status as its agent says it, or `unknown` when the turn ended first
 */
export function ranOrNot(status: ToolItem['status'], asked: Asked | undefined): ToolItem['status'] {
  if (asked === undefined || asked.state === 'asked' || isAllowed(asked)) return status
  return status === 'failed' || status === 'unknown' ? 'not-run' : status
}

/** A person is asked about a tool that has not ended. */
export function askingAbout(tool: ToolItem, at: number): ToolItem {
  return tool.endedAt === undefined && tool.askingSince === undefined
    ? { ...tool, askingSince: at }
    : tool
}

/** Nobody is asked about it any more, or it ended. */
export function askedAlready(tool: ToolItem, at: number): ToolItem {
  const { askingSince, waitedMs } = tool
  if (askingSince === undefined) return tool
  return { ...tool, askingSince: undefined, waitedMs: waitedMs + at - askingSince }
}

/** @returns undefined while it has not ended */
export function toolMs({ at, endedAt, waitedMs }: ToolItem): number | undefined {
  return endedAt === undefined ? undefined : endedAt - at - waitedMs
}

/** A wait that nobody noticed is not worth a word. */
const worthMs = 500

/** How long a turn took, in words. @param duration how a span is written where it is told */
export function turnTimeWords(
  { durationMs, waitedMs }: Pick<TurnEndItem, 'durationMs' | 'waitedMs'>,
  duration: (ms: number) => string,
): string | undefined {
  if (durationMs === undefined) return undefined
  if (waitedMs < worthMs) return duration(durationMs)
  return `worked ${duration(durationMs - waitedMs)} · waited ${duration(waitedMs)} for you`
}
