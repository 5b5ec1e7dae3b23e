/**
 * One run: a storm of requests and faults, then a calm in which everything must come to rest, and the promises held
 * against what happened.
 *
 * Invariants:
 * - Z-2 After every step the invariants hold; a run ends at the first that does not.
 */
import { finalChecks, isSettled, stepChecks } from './checks.ts'
import type { FaultKind } from './fault-kinds.ts'
import { drawPlan, type Plan } from './plan.ts'
import type { Planted } from './planted.ts'
import { Stage, type Violation } from './stage.ts'
import { World } from './world.ts'

export interface SimulateOptions {
  readonly seed: number
  readonly planted?: Planted | undefined
  /** Another plan than the seed's own. */
  readonly plan?: Partial<Plan> | undefined
  /** Hears every line of the trace. */
  readonly onLine?: ((line: string) => void) | undefined
}

export interface Outcome {
  readonly seed: number
  readonly steps: number
  /** Virtual milliseconds. */
  readonly elapsed: number
  readonly broken: Violation | undefined
  readonly fired: ReadonlyMap<FaultKind, number>
  /** How turns ended, by code. */
  readonly endings: ReadonlyMap<string, number>
  readonly events: number
  /** Prompts that reached an agent. */
  readonly prompts: number
}

/** Milliseconds of calm after which a session that has not come to rest is stuck. */
const calmMsMax = 20 * 60_000
/** Milliseconds after rest for viewers to see the last of it. */
const lastLookMs = 60_000
const stepsMax = 2_000_000
/** Promises that may hang on each other and are settled before the next step. */
const promisesDeep = 8

export async function simulate(options: SimulateOptions): Promise<Outcome> {
  const { seed, planted, onLine } = options
  const stage = new Stage({ seed, onLine })
  const plan = { ...drawPlan(stage.random), ...options.plan }
  const world = new World({ stage, plan, planted })
  stage.say('plan', () => JSON.stringify({ ...plan, faults: [...plan.faults] }))
  world.begin()
  await play(world, plan.stormMs, () => false)
  stage.say('plan', () => 'the storm is over')
  world.faults.calmDown()
  for (const person of world.people) person.calmDown()
  // What was asked before the calm may arrive in it, late, and begin something new.
  for (
    let atRest = false;
    !atRest && stage.elapsed < plan.stormMs + calmMsMax;
    atRest = isSettled(world)
  ) {
    await play(world, plan.stormMs + calmMsMax, () => isSettled(world))
    stage.say('plan', () => 'at rest')
    await play(world, stage.elapsed + lastLookMs, () => false)
    if (stage.broken !== undefined) break
  }
  if (stage.broken === undefined) finalChecks(world)
  return outcomeOf(world)
}

/** Lets things happen until a time, or until it is enough. */
async function play(world: World, until: number, enough: () => boolean): Promise<void> {
  const { stage } = world
  while (stage.broken === undefined && stage.elapsed < until && !enough()) {
    if (!stage.timeline.step()) return
    for (let deep = 0; deep < promisesDeep; deep += 1) await Promise.resolve()
    stepChecks(world)
    if (stage.timeline.steps > stepsMax) stage.violate('stuck', `more than ${stepsMax} steps`)
  }
}

function outcomeOf({ stage, logs, truth }: World): Outcome {
  const endings = new Map<string, number>()
  let events = 0
  for (const { outcomes, texts } of logs.values()) {
    events += texts.length
    for (const [code, count] of outcomes) endings.set(code, (endings.get(code) ?? 0) + count)
  }
  return {
    seed: stage.random.seed,
    steps: stage.timeline.steps,
    elapsed: stage.elapsed,
    broken: stage.broken,
    fired: stage.fired,
    endings,
    events,
    prompts: truth.prompts,
  }
}
