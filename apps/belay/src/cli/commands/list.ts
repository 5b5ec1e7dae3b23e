/** `belay ls`: the sessions, the newest first. */
import type { SessionSummary } from '@belay/protocol'
import { exitCodes } from '../exit-codes.ts'
import { oneLine, type Paint, painter } from '../paint.ts'
import { connect } from '../place.ts'
import { allSessions } from '../sessions.ts'
import type { World } from '../world.ts'
import type { ManageOptions } from './manage.ts'

export async function list(world: World, options: ManageOptions): Promise<number> {
  const client = await connect(world, options)
  const sessions = await allSessions(client)
  if (options.json === true) world.out.write(`${JSON.stringify({ sessions })}\n`)
  else if (sessions.length === 0) world.out.write('No sessions. Start one with "belay run".\n')
  else world.out.write(table(painter(world.out.color), sessions))
  return exitCodes.completed
}

function table(paint: Paint, sessions: readonly SessionSummary[]): string {
  const ids = shortIds(sessions)
  const rows = sessions.map((session, index) => [
    ids[index] ?? session.id,
    session.status,
    `${session.agent.demo ? 'DEMO ' : ''}${oneLine(session.agent.name)}`,
    oneLine(session.title).slice(0, 50),
    oneLine(`${session.why}${sharing(session)}`),
  ])
  const all = [['ID', 'STATUS', 'AGENT', 'TITLE', 'WHY'], ...rows]
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  return all
    .map((row, index) => {
      const cells = row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      const line = cells.join('  ').trimEnd()
      return `${index === 0 ? paint('dim', line) : line}\n`
    })
    .join('')
}

/** What is not about the session alone. */
function sharing({ sharedWith = [] }: SessionSummary): string {
  const [first] = sharedWith
  if (first === undefined) return ''
  const others = sharedWith.length - 1
  return ` Shares its folder with “${first.title}”${others === 0 ? '' : ` and ${others} more`}.`
}

/** The least that is unique, and never fewer than this. */
const shortIdChars = 6

function shortIds(sessions: readonly SessionSummary[]): readonly string[] {
  const longest = Math.max(...sessions.map(({ id }) => id.length))
  for (let length = shortIdChars; length < longest; length++) {
    const ids = sessions.map(({ id }) => id.slice(0, length))
    if (new Set(ids).size === ids.length) return ids
  }
  return sessions.map(({ id }) => id)
}
