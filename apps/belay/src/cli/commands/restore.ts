/** `belay restore`: takes back what turns did, or says with `--dry-run` what that would do. */
import { shownName } from '@belay/client'
import { type Client, follow } from '@belay/client/webapi'
import type { BackFile, EventOf, RestorePlan, RestoreTo, StayFile, Take } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { noteLines } from '../lines.ts'
import { oneLine, type Paint, painter } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { lastTurn, turnOf } from './changes.ts'
import { type ManageOptions, say } from './manage.ts'

export interface RestoreOptions extends ManageOptions {
  readonly turn?: string
  readonly to?: string
  readonly undo?: boolean
  readonly dryRun?: boolean
  readonly take?: readonly string[]
  readonly takeAll?: boolean
}

interface Point {
  readonly id: string
  readonly turn: number
  readonly to: RestoreTo
}

export async function restore(
  world: World,
  given: string,
  options: RestoreOptions,
): Promise<number> {
  const wanted = wantedOf(options)
  const take = takeOf(options)
  const { client, id } = await connectTo(world, given, options)
  const point: Point = { id, to: wanted.to, turn: wanted.turn ?? (await lastTurn(client, id)) }
  if (options.dryRun === true) {
    const plan = await client.call('planRestore', { ...point })
    return say(world, options, plan, planLines(painter(world.out.color), plan).join('\n'))
  }
  const done = await restored(client, point, take)
  const { turn, to, files, stayed, notes } = done
  const answer = { session: id, turn, to, files, stayed, notes }
  return say(world, options, answer, doneLines(painter(world.out.color), done, id).join('\n'))
}

/** @throws CliError when it is not said what to go back to, or is said twice */
function wantedOf({ undo, turn, to = 'before' }: RestoreOptions): {
  readonly turn: number | undefined
  readonly to: RestoreTo
} {
  if (to !== 'before' && to !== 'after')
    throw new CliError(exitCodes.usage, `--to takes before or after; got "${to}".`)
  if ((turn === undefined) === (undo === undefined))
    throw new CliError(exitCodes.usage, 'Say --turn N, or --undo for the last restore.')
  return turn === undefined ? { turn: undefined, to: 'undo' } : { turn: turnOf(turn), to }
}

function takeOf({ take, takeAll, dryRun }: RestoreOptions): Take | undefined {
  if (take !== undefined && takeAll === true)
    throw new CliError(exitCodes.usage, 'Say --take for some files, or --take-all for all.')
  if (dryRun === true && (take !== undefined || takeAll === true))
    throw new CliError(
      exitCodes.usage,
      '--dry-run says what could be taken: say --take without it.',
    )
  return takeAll === true ? 'all' : take === undefined ? undefined : [...take]
}

/** Asks for it, and waits for its outcome in the log. @throws CliError when nothing was put back */
async function restored(
  client: Client,
  point: Point,
  take: Take | undefined,
): Promise<EventOf<'restored'>> {
  const { seq: after } = await client.call('getSession', { id: point.id })
  await client.call('restore', { ...point, ...(take === undefined ? {} : { take }) })
  const { promise, resolve, reject } = Promise.withResolvers<EventOf<'restored'>>()
  const failed = (message: string) => reject(new CliError(exitCodes.failed, oneLine(message)))
  const following = follow(client, point.id, {
    after,
    onFrame(frame) {
      if (frame.type === 'end' && !frame.retry) failed(frame.message)
      for (const event of frame.type === 'events' ? frame.events : []) {
        if (event.type === 'restored') resolve(event)
        if (event.type === 'restore-failed') failed(`Nothing was put back: ${event.message}`)
      }
    },
  })
  try {
    return await promise
  } finally {
    following.close()
  }
}

function pointWords({ turn, to }: Omit<Point, 'id'>): string {
  return to === 'undo' ? 'before it was put back' : `${to} turn ${turn}`
}

function doneLines(
  paint: Paint,
  { turn, to, files, stayed, notes }: EventOf<'restored'>,
  id: string,
): readonly string[] {
  const flags = to === 'undo' ? '--undo' : `--turn ${turn} --to ${to}`
  return [
    `The workspace is back to how it was ${pointWords({ turn, to })}: ${count(files, 'was', 'were')} put back. What it held before is kept ("belay restore ${id} --undo").`,
    ...(stayed === undefined
      ? []
      : [
          `${count(stayed, 'was', 'were')} left as ${stayed === 1 ? 'it is' : 'they are'}: "belay restore ${id} ${flags} --dry-run" says which and why.`,
        ]),
    ...noteLines(paint, notes),
  ]
}

function count(files: number, one: string, many: string): string {
  return files === 1 ? `1 file ${one}` : `${files} files ${many}`
}

/** What a restore would do, line by line. */
function planLines(paint: Paint, plan: RestorePlan): readonly string[] {
  const { back, stay, moreBack = 0, moreStay = 0, notes } = plan
  const going = back.length + moreBack
  const staying = stay.length + moreStay
  const head =
    going === 0
      ? `Nothing would go back to how it was ${pointWords(plan)}`
      : `To how it was ${pointWords(plan)}, ${count(going, 'would go', 'would go')} back`
  return [
    `${head}${staying === 0 ? '.' : `; ${count(staying, 'stays as it is', 'stay as they are')}.`}`,
    ...back.map((file) => backLine(paint, file)),
    ...(moreBack === 0 ? [] : [`  … and ${moreBack} files more`]),
    ...stay.map((file) => stayLine(paint, file)),
    ...(moreStay === 0 ? [] : [`  … and ${moreStay} files more that stay`]),
    ...noteLines(paint, notes),
  ]
}

const marks = {
  create: ['+', 'green', 'is made again'],
  change: ['~', 'yellow', 'is changed back'],
  remove: ['-', 'red', 'is removed'],
} as const

function backLine(paint: Paint, { path, does }: BackFile): string {
  const [mark, color, words] = marks[does]
  return `  ${paint(color, mark)} ${shownName(path)} ${paint('dim', words)}`
}

function stayLine(paint: Paint, { path, message, canTake }: StayFile): string {
  const way = canTake ? ' (can be taken with --take)' : ''
  return `  ${paint('cyan', '=')} ${shownName(path)} ${paint('dim', `stays: ${oneLine(message)}${way}`)}`
}
