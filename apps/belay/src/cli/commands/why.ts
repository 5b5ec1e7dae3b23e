/** `belay why`: what a session waits for, what a person can do about it, and the last proof of life of each hop. */
import { type HopState, hopWords } from '@belay/protocol'
import { oneLine, type Paint, painter } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import { waysOn } from '../ways.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export async function why(world: World, given: string, options: ManageOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const [answer, session] = await Promise.all([
    client.call('why', { id }),
    client.call('getSession', { id }),
  ])
  const paint = painter(world.out.color)
  const ways = waysOn(session).map((way) => `"${way}"`)
  const lines = [
    oneLine(answer.sentence),
    ...(ways.length === 0 ? [] : [`You can: ${ways.join(', ')}.`]),
    ...answer.hops.map((hop) => hopLine(paint, hop)),
  ]
  return say(world, options, answer, lines.join('\n'))
}

const marks = {
  alive: ['✓', 'green'],
  'waited-for': ['…', 'yellow'],
  silent: ['!', 'yellow'],
  gone: ['✗', 'red'],
  idle: ['·', 'dim'],
} as const

const wordChars = Math.max(...Object.values(hopWords).map((word) => word.length))

function hopLine(paint: Paint, { hop, state, sentence }: HopState): string {
  const [mark, color] = marks[state]
  return `  ${paint(color, mark)} ${hopWords[hop].padEnd(wordChars)} ${paint('dim', oneLine(sentence))}`
}
