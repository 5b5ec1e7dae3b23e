/** What is known about coding agents, without running one. */
export {
  type Ask,
  askOfElicitation,
  askOfPermission,
  type Choice,
  elicitationAnswer,
} from './ask.ts'
export { type Cause, causeOf, causeOfExit } from './connection/cause.ts'
export type { ConnectionEffect } from './connection/effect.ts'
export type { ConnectionInput } from './connection/input.ts'
export { type ConnectionPolicy, connectionPolicy } from './connection/policy.ts'
export { type ConnectionSnapshot, snapshotOf } from './connection/snapshot.ts'
export {
  connectionAlarm,
  type ConnectionState,
  type EndLevel,
  hasChild,
  initialConnection,
} from './connection/state.ts'
export {
  type ConnectionStep,
  type Moment,
  transition as decideConnection,
} from './connection/transition.ts'
export { offerOfAnswer, offerOfPrompt, offerOfUpdate } from './offer.ts'
export { type AgentExit, exitSentence } from './exit.ts'
export { fit } from './fit.ts'
export { quirks } from './quirks.ts'
export type { KnownAgent, Proof } from './known-agent.ts'
export { knownAgents, missingOf } from './registry.ts'
export { type AgentUpdate, translate, translateAfter } from './translate.ts'
