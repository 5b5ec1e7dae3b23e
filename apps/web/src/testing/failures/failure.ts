/** A failure that is staged, what every surface has to say of it, and what each has to offer. */
import { livenessPolicy } from '@belay/channel'
import { viewerBeatMs } from '@belay/protocol'
import type { FailureWorld, WorldOptions } from './failure-world.ts'

export const surfaces = ['API', 'ls', 'why', 'list', 'page'] as const
export type Surface = (typeof surfaces)[number]

export interface Failure extends WorldOptions {
  readonly id: string
  /** Whose failure it is. */
  readonly of:
    | 'agent'
    | 'runner'
    | 'server'
    | 'model'
    | 'network'
    | 'disk'
    | 'sign-in'
    | 'permission'
    | 'folder'
  readonly what: string
  /** The sentence that each surface has to say, whatever else it says. */
  readonly says: string
  /** In the table, where the sentence is none. */
  readonly told?: string
  readonly act: Act
  /** Surfaces that can say it; without it all. */
  readonly on?: readonly Surface[]
  /** Whoever reads may be the one that is cut off; without it the server is, from the agent. */
  readonly line?: 'viewer'
  /** It shows only when this is over, which begins with the fault. */
  readonly patienceMs?: number
  /** The agent tries its model again for itself: time counts from the last try. */
  readonly triesOfModel?: true
  /** It needs an agent that is installed for it. */
  readonly installs?: true
  before?(world: FailureWorld): Promise<void>
  /** Only the fault itself: time counts from here. */
  fault(world: FailureWorld): Promise<void>
  after?(world: FailureWorld): Promise<void>
}

/** What a person can do, as each surface calls it. */
interface Act {
  /** In the table. */
  readonly words: string
  /** Buttons of the page. */
  readonly page: readonly string[]
  /** What a program reads that it may do. */
  readonly api: readonly string[]
  /** What `belay why` has to name. */
  readonly why: string
}

export const acts = {
  decide: {
    words: 'Continue, Send again or Leave it',
    page: ['Continue', 'Send again', 'Leave it'],
    api: ['continue', 'send-again', 'discard'],
    why: 'belay resolve',
  },
  goOn: {
    words: 'Go on, Continue, Send again or Leave it',
    page: ['Go on', 'Continue', 'Send again', 'Leave it'],
    api: ['continue', 'send-again', 'discard'],
    why: '--go-on',
  },
  retry: {
    words: 'Retry, or Edit and retry',
    page: ['Retry', 'Edit and retry'],
    api: ['retry'],
    why: 'belay retry',
  },
  answer: { words: 'answer it', page: [], api: ['answer'], why: 'belay attach' },
  dial: { words: 'Now, or wait', page: ['Now'], api: [], why: '' },
  nothing: { words: 'nothing: it goes on by itself', page: [], api: [], why: '' },
} as const satisfies Readonly<Record<string, Act>>

/** Two heartbeats of the line that the fault is on. */
export function boundMs({ line, patienceMs = 0 }: Failure): number {
  return patienceMs + 2 * (line === 'viewer' ? viewerBeatMs : livenessPolicy.pingMs)
}
