/** How words travel: an acked, ordered, resumable stream of messages that outlives sockets. */
export { type BackoffPolicy, backoffDelayMs, channelBackoff } from './backoff.ts'
export {
  decodeFrame,
  encodeAck,
  encodeHello,
  encodeMessage,
  encodeHint,
  encodeWelcome,
  type Line,
  ping,
  pong,
} from './lines.ts'
export {
  heard,
  type Liveness,
  livenessPolicy,
  livenessStart,
  type LivenessPolicy,
  tick,
  type Verdict,
} from './liveness.ts'
export {
  acknowledge,
  emptyOutgoing,
  type Numbered,
  type Outgoing,
  post,
  unackedAfter,
} from './outgoing.ts'
export { type Arrival, arrive } from './incoming.ts'
