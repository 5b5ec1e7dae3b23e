/** What a session decides: pure, synchronous, total. */
export { createSessionActor, type SessionActor } from './actor.ts'
export { decodeReport } from './decode.ts'
export type { SessionEffect } from './effect.ts'
export type { PromptText, ReceivedReport, SessionInput, SessionReply } from './input.ts'
export { checkState } from './invariant.ts'
export type { SessionState } from './state.ts'
export { viewOf } from './view.ts'
