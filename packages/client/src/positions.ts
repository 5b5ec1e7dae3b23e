/**
 * Where the item with a key stands: a map that is never mutated and cheap to grow.
 *
 * A `Map` would have to be copied whole for every tool call. Keys are spread over a fixed number of small buckets
 * instead; adding one copies its bucket and the array of buckets.
 */

const bucketCount = 1024

export interface Positions {
  readonly buckets: readonly (readonly Position[])[]
}
interface Position {
  readonly key: string
  readonly position: number
}

export const noPositions: Positions = { buckets: Array.from({ length: bucketCount }, () => []) }

/** @param key one that has no position yet: a position never changes */
export function addPosition(positions: Positions, key: string, position: number): Positions {
  const number = bucketOf(key)
  const bucket = positions.buckets[number] ?? []
  return { buckets: positions.buckets.with(number, [...bucket, { key, position }]) }
}

export function positionOf(positions: Positions, key: string): number | undefined {
  return positions.buckets[bucketOf(key)]?.find((entry) => entry.key === key)?.position
}

/** FNV-1a, 32 bits. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % bucketCount
}
