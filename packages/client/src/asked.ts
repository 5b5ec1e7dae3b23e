/**
 * Whether a tool was allowed, and how long a person was waited for: what the questions of a turn say of its work.
 *
 * - V-172 A tool that was asked about and that nobody allowed did not run, whatever its agent calls that.
 * - V-173 The time of a turn is told as work and as waiting for a person.
 */
import type { PermissionItem, ToolItem } from './item.ts'

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
