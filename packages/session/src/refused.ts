/**
 * The world refused what must happen: it is tried again, and meanwhile the session says what is in the way.
 *
 * - S-13 What is deleted stays deleted, also when its files cannot be removed yet.
 */
import { type Change, ignore, log, set } from './change.ts'
import type { RefusedEffect } from './effect.ts'
import type { SessionInput, SessionReply } from './input.ts'

type Refused = Extract<SessionInput, { type: 'effect-refused' }>

/** Of the system's words: a path and a reason fit. */
const messageCharsMax = 500

const sentences: Readonly<Record<RefusedEffect, string>> = {
  'start-runner': 'Belay’s process beside the agent could not be started yet',
  'stop-runner': 'Belay’s process beside the agent could not be ended yet',
  'probe-runner': 'Belay’s process beside the agent could not be looked for yet',
  'remove-files': 'Its files could not be removed yet',
}

export function effectRefused(change: Change, { what, message }: Refused): SessionReply {
  const { lifecycle } = change.state
  const why = `${sentences[what]}: ${message.slice(0, messageCharsMax).replace(/\.$/, '')}. It is tried again by itself.`
  switch (lifecycle.type) {
    case 'absent':
      return ignore('there is no session')
    case 'deleted':
      set(change, 'lifecycle', { ...lifecycle, leftBecause: why })
      return { type: 'done' }
    case 'preparing':
    case 'ready':
    case 'attention':
      log(change, { type: 'warning', code: 'effect-refused', message: why })
      return { type: 'done' }
  }
}
