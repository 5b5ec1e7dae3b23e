/**
 * Permissions and questions: durable, offered to every viewer, answered once, withdrawn with their turn.
 *
 * - S-11 The first answer wins; the same answer again is fine; any other hears that it was settled, and by whom.
 * - P-52 Questions that are open weigh at most so much together; what is beyond that is declined, and the log says so.
 * - S-12 No permission outlives its turn.
 * - S-32 A permission without an answer in `permissionMs` is settled by that, and the agent hears `cancelled`.
 */
import { limits, type ReportOf, utf8Bytes } from '@belay/protocol'
import { type Change, log, logReport, post, refuse, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { findPermission, keepPermission } from './row.ts'
import type { ActiveTurn, OpenPermission } from './state.ts'
import { updateTurn } from './waiting.ts'

type Answer = Extract<SessionInput, { type: 'permission-answered' }>

/** The agent asks. Beyond the limit the oldest question would be lost, so the newest is declined instead. */
export function askPermission(
  change: Change,
  report: ReportOf<'permission-asked'>,
  json: string,
): void {
  const { permissionId, turn, title, toolCallId, options } = report
  const { permissions } = change.state
  if (permissions.some((open) => open.permissionId === permissionId)) return
  const stopping =
    change.state.turn.type === 'active' && change.state.turn.phase.type === 'stopping'
  const asked = {
    permissionId,
    turn,
    title,
    toolCallId,
    options,
    askedAt: change.now,
    deadline: change.now + change.deadlines.permissionMs,
  }
  const bytes = utf8Bytes(JSON.stringify([...permissions, asked]))
  const tooMany =
    permissions.length >= limits.permissionsOpenMax || bytes > limits.permissionsBytesMax
  logReport(change, json)
  if (stopping || tooMany) {
    settle(change, permissionId, undefined, stopping ? 'interrupted' : 'too many open questions')
    post(change, { type: 'answer', permissionId })
    return
  }
  set(change, 'permissions', [...permissions, asked])
  updateTurn(change, {})
}

export function answerPermission(change: Change, input: Answer): SessionReply {
  const { permissionId, optionId, by } = input
  const open = change.state.permissions.find(
    (permission) => permission.permissionId === permissionId,
  )
  if (open === undefined) return alreadySettled(change, input)
  const chosen = open.options.find((option) => option.optionId === optionId)
  if (chosen === undefined) {
    const offered = open.options.map((option) => option.optionId).join(', ')
    return refuse('option-unknown', `"${optionId}" was not offered; these were: ${offered}.`)
  }
  close(change, permissionId)
  settle(change, permissionId, optionId, by)
  if (chosen.kind.startsWith('reject')) updateTurn(change, { refused: chosen.name })
  post(change, { type: 'answer', permissionId, optionId })
  return { type: 'answered', optionId, by }
}

function alreadySettled(change: Change, input: Answer): SessionReply {
  const row = findPermission(change, input.permissionId)
  if (row === undefined)
    return refuse('permission-not-found', `This session asked no permission ${input.permissionId}.`)
  if (row.optionId === input.optionId)
    return { type: 'answered', optionId: row.optionId, by: row.by }
  return refuse(
    'permission-settled',
    row.optionId === undefined
      ? `It was withdrawn: ${row.by}.`
      : `${row.by} answered "${row.optionId}" before.`,
  )
}

/** Nobody answered: the agent hears that nobody will, and goes on as it does then. */
export function expirePermission(change: Change, permissionId: string): void {
  if (!change.state.permissions.some((open) => open.permissionId === permissionId)) return
  close(change, permissionId)
  settle(change, permissionId, undefined, 'no answer in time')
  post(change, { type: 'answer', permissionId })
}

/** The agent does not wait for the answer any more. */
export function dropPermission(change: Change, permissionId: string): void {
  if (!change.state.permissions.some((open) => open.permissionId === permissionId)) return
  close(change, permissionId)
  settle(change, permissionId, undefined, 'agent')
}

/** Withdraws every open permission. The runner tells the agent `cancelled` by itself when a turn is stopped or ends. */
export function withdrawPermissions(change: Change, by: string): void {
  const { permissions } = change.state
  if (permissions.length === 0) return
  set(change, 'permissions', [])
  for (const { permissionId } of permissions) settle(change, permissionId, undefined, by)
  updateTurn(change, {})
}

function close(change: Change, permissionId: string): void {
  const asked = change.state.permissions.find((open) => open.permissionId === permissionId)
  set(
    change,
    'permissions',
    change.state.permissions.filter((open) => open.permissionId !== permissionId),
  )
  // What was asked about goes on from here, and has all its time.
  set(change, 'head', { ...change.state.head, progressAt: change.now })
  updateTurn(change, asked === undefined ? {} : { openTools: withoutWait(change, asked) })
}

/** The tool that was asked about has run only since then. */
function withoutWait(
  { state: { turn }, now }: Change,
  { toolCallId, askedAt }: OpenPermission,
): ActiveTurn['openTools'] {
  if (turn.type !== 'active') return []
  return turn.openTools.map((tool) =>
    tool.id === toolCallId
      ? { ...tool, since: tool.since + now - Math.max(tool.since, askedAt) }
      : tool,
  )
}

function settle(
  change: Change,
  permissionId: string,
  optionId: string | undefined,
  by: string,
): void {
  const answer = { ...(optionId === undefined ? {} : { optionId }), by }
  keepPermission(change, permissionId, answer)
  log(change, { type: 'permission-settled', permissionId, ...answer })
}
