import { simulate } from '@belay/testing/sim'
const network = ['delay', 'one-way', 'half-open', 'partition', 'reset'] as const
for (const ms of [700, 3000]) {
  const plan = { faults: new Set(network), faultMsMax: ms, personMsMax: 1500, stormMs: 60_000 }
  const t0 = performance.now()
  for (let seed = 1; seed <= 25; seed++) {
    const { broken } = await simulate({ seed, planted: 'clear-without-compare', plan })
    if (broken === undefined) continue
    console.log(ms, seed, broken.check, broken.sentence, Math.round(performance.now() - t0), 'ms')
    break
  }
}
