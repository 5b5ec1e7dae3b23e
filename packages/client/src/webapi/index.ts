/** A viewer's side with a network: requests and streams, on any platform that has fetch and WebSocket. */
export { ApiError, type Client, type ClientOptions, createClient, ServerAway } from './client.ts'
export type { FollowOptions, FollowSessionOptions } from '../follow-over.ts'
export type { Following, LinkState } from '../link.ts'
export { follow, followList, followSse } from './follow.ts'
export type { Platform } from './platform.ts'
