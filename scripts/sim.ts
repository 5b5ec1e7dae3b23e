/**
 * The simulator from a terminal.
 *
 *   npm run sim -- --seed N        one run again, with its trace
 *   npm run sim -- --runs 10000    many, from --seed on or from a fresh one
 *   … --plant NAME                 with a planted defect
 */
import { parseArgs } from 'node:util'
import { faultKinds, type Outcome, plantable, simulate } from '@belay/testing/sim'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string' },
    plant: { type: 'string' },
  },
})
const planted = plantable.find((name) => name === values.plant)
if (values.plant !== undefined && planted === undefined) {
  console.error(
    `There is no defect "${values.plant}"; these can be planted: ${plantable.join(', ')}.`,
  )
  process.exit(2)
}
const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const failed = values.runs === undefined ? await one(first) : await many(first, Number(values.runs))
process.exit(failed ? 1 : 0)

async function one(seed: number): Promise<boolean> {
  const outcome = await simulate({ seed, planted, onLine: (line) => console.log(line) })
  console.log(
    `\nseed ${seed}: ${outcome.steps} steps, ${outcome.events} events, ${outcome.prompts} prompts`,
  )
  console.log(describe(outcome))
  return outcome.broken !== undefined
}

async function many(from: number, runs: number): Promise<boolean> {
  const began = performance.now()
  const total = { steps: 0, events: 0, prompts: 0, virtualMs: 0 }
  const fired = new Map<string, number>(faultKinds.map((kind) => [kind, 0]))
  const endings = new Map<string, number>()
  const failures: Outcome[] = []
  for (let seed = from; seed < from + runs; seed += 1) {
    const outcome = await simulate({ seed, planted })
    total.steps += outcome.steps
    total.events += outcome.events
    total.prompts += outcome.prompts
    total.virtualMs += outcome.elapsed
    for (const [kind, count] of outcome.fired) fired.set(kind, (fired.get(kind) ?? 0) + count)
    for (const [code, count] of outcome.endings) endings.set(code, (endings.get(code) ?? 0) + count)
    if (outcome.broken === undefined) continue
    failures.push(outcome)
    console.log(describe(outcome))
  }
  const seconds = (performance.now() - began) / 1000
  console.log(`${runs} runs from seed ${from}: ${failures.length} failed`)
  console.log(
    `${total.steps} steps in ${seconds.toFixed(1)} s, ${Math.round(total.steps / seconds)} steps/s; ` +
      `${total.events} events, ${total.prompts} prompts, ${Math.round(total.virtualMs / 3_600_000)} h of virtual time`,
  )
  console.log(`faults: ${counted(fired)}`)
  console.log(`ends of turns: ${counted(endings)}`)
  return failures.length > 0
}

function describe({ seed, broken }: Outcome): string {
  if (broken === undefined) return `seed ${seed}: every promise was kept`
  return `seed ${seed} after ${(broken.at / 1000).toFixed(3)} s: ${broken.check}: ${broken.sentence}`
}

function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}
