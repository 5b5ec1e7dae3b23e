/** Steps of the simulator a second, beside its own clock with nothing to do at each step. */
import { seededRandom } from '../packages/testing/src/index.ts'
import { simulate } from '../packages/testing/src/sim/index.ts'
import { Timeline } from '../packages/testing/src/sim/timeline.ts'

const seconds = 10

export async function sim(): Promise<void> {
  let steps = 0
  let runs = 0
  let virtualMs = 0
  const began = performance.now()
  for (let seed = 1; performance.now() - began < seconds * 1000; seed++) {
    const outcome = await simulate({ seed, planted: undefined })
    if (outcome.broken !== undefined) throw new Error(`seed ${seed} broke a promise`)
    steps += outcome.steps
    virtualMs += outcome.elapsed
    runs += 1
  }
  const perSecond = (steps * 1000) / (performance.now() - began)
  const bare = bareStepsPerSecond()
  console.log(
    `${runs} runs, ${(virtualMs / 3_600_000).toFixed(1)} h of virtual time: ${Math.round(perSecond).toLocaleString('en')} steps/s  beside: an empty clock ${Math.round(bare).toLocaleString('en')} steps/s, ratio ${(perSecond / bare).toFixed(2)}`,
  )
}

function bareStepsPerSecond(): number {
  const random = seededRandom(1)
  const timeline = new Timeline(random, 0)
  const again = (): void => void timeline.after(random.integer(1, 100), again)
  for (let n = 0; n < 200; n++) again()
  const began = performance.now()
  while (performance.now() - began < 1000) for (let n = 0; n < 1000; n++) timeline.step()
  return (timeline.steps * 1000) / (performance.now() - began)
}
