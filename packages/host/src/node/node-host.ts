/** A host on Node: the host with this platform's storage and time. */
import type { Parts } from '@belay/actor'
import { createHost, type Host, type HostOptions } from '../host.ts'
import { nodeTime, type NodeTime } from './node-time.ts'
import { openNodeStorage } from './sqlite.ts'

export interface NodeHostOptions<State extends Parts, Input, Effect, Reply> extends Omit<
  HostOptions<State, Input, Effect, Reply>,
  'storage' | keyof NodeTime
> {
  /** Where `belay.db` lies. Hold the folder's lock. */
  readonly folder: string
}

/** @throws when the storage cannot be opened, or was written by a newer version */
export function createNodeHost<State extends Parts, Input, Effect, Reply>(
  options: NodeHostOptions<State, Input, Effect, Reply>,
): Host<State, Input, Reply> {
  const { folder, ...rest } = options
  return createHost({ ...rest, ...nodeTime(), storage: openNodeStorage({ folder }) })
}
