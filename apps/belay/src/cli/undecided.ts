/** What a person can do at a terminal about prompts that wait for a decision. */
import type { SessionView } from '@belay/protocol'
import { oneLine } from './paint.ts'

/** @returns why they wait, and each way out */
export function howToGoOn({
  id,
  why,
  undecided,
}: Pick<SessionView, 'id' | 'why' | 'undecided'>): string {
  const holding = undecided?.turns.findLast(({ holds }) => holds === true)
  const ways = (holding?.actions ?? []).join('|')
  return `${oneLine(why)} "belay resolve ${id} ${ways}" decides; "belay queue ${id} --go-on" lets them run without.`
}
