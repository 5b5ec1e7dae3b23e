/** The actor contract and the few words every step of the way shares. */
export type { Actor, Context, Entry, MustEffect, Parts, Row, Step } from './actor.ts'
export { assert, unreachable } from './assert.ts'
export { oneAtATime } from './one-at-a-time.ts'
