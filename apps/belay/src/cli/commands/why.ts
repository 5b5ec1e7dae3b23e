/** `belay why`: what a session waits for, and the last proof of life of each hop. */
import { type HopState, hopWords } from '@belay/protocol'
import { oneLine, type Paint, painter } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export async function why(world: World, given: string, options: ManageOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const answer = await client.call('why', { id })
  const paint = painter(world.out.color)
  const lines = [oneLine(answer.sentence), ...answer.hops.map((hop) => hopLine(paint, hop))]
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
