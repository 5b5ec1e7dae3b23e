/** How a session's status is written and coloured: the same everywhere it is shown. Pure. */
import type { SessionSummary } from '@belay/protocol'

export type Tone = 'person' | 'bad' | 'busy' | 'idle'

interface StatusWords {
  readonly word: string
  readonly tone: Tone
}

export function statusWords(status: SessionSummary['status']): StatusWords {
  switch (status) {
    case 'waiting-person':
      return { word: 'Waiting for you', tone: 'person' }
    case 'attention':
      return { word: 'Needs attention', tone: 'bad' }
    case 'preparing':
      return { word: 'Preparing', tone: 'busy' }
    case 'starting':
      return { word: 'Starting', tone: 'busy' }
    case 'working':
      return { word: 'Working', tone: 'busy' }
    case 'waiting-tool':
      return { word: 'Running a tool', tone: 'busy' }
    case 'stopping':
      return { word: 'Stopping', tone: 'busy' }
    case 'recovering':
      return { word: 'Recovering', tone: 'busy' }
    case 'idle':
      return { word: 'Idle', tone: 'idle' }
    case 'deleted':
      return { word: 'Deleted', tone: 'idle' }
  }
}
