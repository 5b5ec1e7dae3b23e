/** A host on Node: its storage, and its clock and timer. */
export { createNodeHost, type NodeHostOptions } from './node-host.ts'
export { type NodeTime, nodeTime } from './node-time.ts'
export { type NodeStorageOptions, openNodeStorage } from './sqlite.ts'
