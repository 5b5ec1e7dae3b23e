/** What is known about coding agents, without running one. */
export {
  type Ask,
  askOfElicitation,
  askOfPermission,
  type Choice,
  elicitationAnswer,
} from './ask.ts'
export { offerOfAnswer, offerOfPrompt, offerOfUpdate } from './offer.ts'
export { type AgentExit, exitSentence } from './exit.ts'
export { fit } from './fit.ts'
export { type KnownAgent, knownAgents, missingOf, type Proof } from './registry.ts'
export { type AgentUpdate, translate } from './translate.ts'
