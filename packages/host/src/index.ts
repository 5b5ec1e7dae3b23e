/** What runs actors: load, transition, commit, and only then effects, replies and watchers. */
export { createHost, type Host, type HostOptions, type HostStats } from './host.ts'
export { StoreRefusal } from './refusal.ts'
export type { Segment } from './segment.ts'
export type {
  ActorWrite,
  AlarmRow,
  Head,
  ListOptions,
  OutboxRow,
  OutboxWrite,
  PartWrite,
  Storage,
  StoredActor,
  SummaryRow,
} from './storage.ts'
export type { Commit } from './watchers.ts'
