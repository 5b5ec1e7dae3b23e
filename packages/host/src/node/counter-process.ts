/**
 * A process that counts until it is killed, for the test that kills it: `node counter-process.ts FOLDER ACTORS`.
 *
 * Each line on stdout is a fact that has left: `reply ID TOTAL`, `effect ID WORD`, `watch ID LAST`, `key ID WORD`. A
 * line is written in one system call, so a killed process leaves whole lines.
 */
import { writeSync } from 'node:fs'
import { counter } from '../toy-counter.ts'
import { createNodeHost } from './node-host.ts'

const [folder = '', actors = '1'] = process.argv.slice(2)

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

function end(error: Error): void {
  writeSync(2, `${error.message}\n`)
  process.exit(70)
}

const host = createNodeHost({
  folder,
  actor: counter,
  perform: (id, { word }, must) => say(`${must === undefined ? 'effect' : 'must'} ${id} ${word}`),
  onActorStopped: (_, error) => end(error),
  onStop: end,
})
host.start()

async function count(id: string): Promise<void> {
  host.watch(id, ({ segment }) => say(`watch ${id} ${segment?.last ?? 0}`))
  for (;;) {
    // The word says which entry it belongs to.
    const word = String(host.read(id).count.seq + 2)
    const [, shouted] = await Promise.all([
      host.submit(id, { type: 'add', amount: 1, text: 'x'.repeat(300) }),
      host.submit(id, { type: 'shout', word }),
      host.submit(id, { type: 'must', key: 'last', word }),
    ])
    say(`reply ${id} ${shouted.total}`)
  }
}

await Promise.all(Array.from({ length: Number(actors) }, (_, index) => count(`actor-${index}`)))
