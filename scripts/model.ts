/**
 * Checkpoints against a plain model of whose bytes they are, from a terminal: on real Git, in folders that are thrown away.
 *
 *   npm run model -- --seed N          one sequence again, with its trace
 *   npm run model -- --runs 10000      many, from --seed on or from a fresh one, with --beside 2 two at a time
 */
import { parseArgs } from 'node:util'
import { Checkpoints } from '../packages/runner/src/node/checkpoints.ts'
import { openHere } from '../packages/runner/src/node/testing/world/engine.ts'
import { Hosts } from '../packages/runner/src/node/testing/world/hosts.ts'
import {
  runSequences,
  seedsFrom,
  type Sequences,
  told,
} from '../packages/runner/src/node/testing/world/sequences.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string' }, beside: { type: 'string' } },
})
const hosts = new Hosts()
const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const runs = values.runs === undefined ? 1 : Number(values.runs)
const began = performance.now()
let shown = 0
const done = await runSequences({
  seeds: seedsFrom(first, runs),
  open: async (options) => openHere(options, (given) => new Checkpoints(given)),
  openKillable: hosts.open,
  beside: values.beside === undefined ? 1 : Number(values.beside),
  ...(values.runs === undefined ? { onLine: (line) => console.log(line) } : {}),
  isEnough: (sofar) => {
    for (const line of told(sofar).slice(shown)) console.log(line)
    shown = sofar.broken.length
    if (sofar.count > 0 && sofar.count % 10 === 0)
      console.log(
        `${sofar.count} sequences, ${shown} broke a promise: ${counted(sofar, / during |^finish/)}`,
      )
    return false
  },
})
for (const line of told(done).slice(shown)) console.log(line)
const seconds = (performance.now() - began) / 1000
console.log(
  `${done.count} sequences from seed ${first} in ${seconds.toFixed(0)} s: ${done.broken.length} broke a promise`,
)
console.log(counted(done, /./))
process.exit(done.broken.length > 0 ? 1 : 0)

/** How often each kind of these was done. */
function counted({ counts }: Sequences, kinds: RegExp): string {
  const wanted = [...counts].filter(([kind]) => kinds.test(kind))
  return wanted
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}
