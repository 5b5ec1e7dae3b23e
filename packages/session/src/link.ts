/**
 * The connection to the agent, as the runner tells it: the present state of it, and what a person can do about it.
 *
 * - S-80 The view carries the connection as the present runner told it last; no event is made of it, and it goes with its runner.
 * - S-81 A person can have the agent's process started again at any time that there is a runner with a workspace.
 */
import type { AgentLink } from '@belay/protocol'
import { type Change, post, refuse, set } from './change.ts'
import type { SessionReply } from './input.ts'
import type { SessionState } from './state.ts'

export function takeLink(change: Change, link: AgentLink): void {
  set(change, 'agent', { ...change.state.agent, link })
}

/** Its runner is given up. */
export function forgetLink(change: Change): void {
  const { link, ...agent } = change.state.agent
  if (link !== undefined) set(change, 'agent', agent)
}

export function restartAgent(change: Change): SessionReply {
  const { runner, lifecycle } = change.state
  if (lifecycle.type === 'attention')
    return refuse('not-ready', 'The session is not prepared, so there is no agent to restart.')
  if (runner.type === 'none')
    return refuse('nothing-to-retry', 'The agent is asleep; the next prompt starts it.')
  if (runner.type === 'starting' || !runner.prepared || runner.closing)
    return refuse('not-ready', 'The agent is being started or let go already.')
  post(change, { type: 'restart-agent' })
  return { type: 'done' }
}

/** What goes on with the connection, without times; nothing when it is as it should be. */
export function linkReason({ agent: { link } }: SessionState): string | undefined {
  switch (link?.state) {
    case 'backoff':
      return `${said(link)} It restarts by itself.`
    case 'failed':
      return `${said(link)} It is not started again by itself: restart it when the cause is gone.`
    case 'blocked':
      return said(link)
    case 'starting':
    case 'stopping':
      return link.cause === undefined || link.cause.code === 'asked'
        ? link.notice
        : `${said(link)} ${link.notice ?? 'It is started again.'}`
    case 'degraded':
      return 'The stream of the agent broke off and is being opened again.'
    case undefined:
    case 'idle':
    case 'ready':
    case 'disposed':
      return undefined
  }
}

/** The same at one moment. */
export function linkSentence(state: SessionState, now: number): string | undefined {
  const { link } = state.agent
  if (link?.state !== 'backoff' || link.nextRetryAt === undefined) return linkReason(state)
  const seconds = Math.max(0, Math.ceil((link.nextRetryAt - now) / 1000))
  return `${said(link)} It restarts in ${seconds} s (${link.attempt} of ${link.attemptsMax}).`
}

/** What is said of the connection after other words, which may have said already why it is gone. */
export function beside({ agent }: SessionState, words: string, link: string | undefined): string {
  const title = agent.link?.cause?.title ?? ''
  const isSaid = title !== '' && words.includes(title) && link?.startsWith(title) === true
  return [words, isSaid ? link.slice(title.length).trim() : (link ?? '')].join(' ').trim()
}

function said({ cause }: AgentLink): string {
  return cause?.title ?? 'The agent is not there.'
}
