/** The simulated world: everything between a person and an agent in one process, over a virtual clock, from one seed. */
export { type FaultKind, faultKinds } from './fault-kinds.ts'
export { plantable, type Planted } from './planted.ts'
export { type Outcome, simulate, type SimulateOptions } from './simulate.ts'
