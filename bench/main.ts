/**
 * What Belay costs, beside the physical limit of the same disk and socket in the same run.
 * `npm run bench`, or `npm run bench -- store append fan-out create busy-create loss kill agent idle open prompt checkpoint sim` for some of it.
 *
 * Absolute times say more about the machine than about Belay: the ratios are what to look at.
 */
import { rmSync } from 'node:fs'
import { agent } from './agent.ts'
import { append } from './append.ts'
import { busyCreate } from './busy-create.ts'
import { checkpoint } from './checkpoint.ts'
import { create } from './create.ts'
import { fanOut } from './fan-out.ts'
import { idle } from './idle.ts'
import { kill } from './kill.ts'
import { loss } from './loss.ts'
import { open } from './open.ts'
import { prompt } from './prompt.ts'
import { sim } from './sim.ts'
import { store } from './store.ts'
import { benchFolder } from './world.ts'

const measurements = {
  store,
  append,
  'fan-out': fanOut,
  create,
  'busy-create': busyCreate,
  loss,
  kill,
  agent,
  idle,
  open,
  prompt,
  checkpoint,
  sim,
}
const wanted = process.argv.slice(2)
for (const [name, measure] of Object.entries(measurements)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const folder = benchFolder()
  try {
    console.log(`\n## ${name}`)
    await measure(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
