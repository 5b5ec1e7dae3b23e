/** How a session's status is written and coloured: the same everywhere it is shown. Pure. */
import type { SessionSummary } from '@belay/protocol'

export type Tone = 'person' | 'bad' | 'busy' | 'good' | 'idle' | 'away'

interface StatusWords {
  readonly word: string
  readonly tone: Tone
}

type Standing = Pick<SessionSummary, 'status' | 'undecided' | 'held'>

export function statusWords({ status, undecided, held }: Standing): StatusWords {
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
      return { word: 'Recovering', tone: 'person' }
    case 'undecided': {
      if (held !== undefined) return { word: 'Paused', tone: 'bad' }
      const isInDoubt = undecided?.turns.every(({ outcome }) => outcome === 'in-doubt')
      return isInDoubt === true
        ? { word: 'In doubt', tone: 'person' }
        : { word: 'Failed', tone: 'bad' }
    }
    case 'idle':
      return { word: 'Idle', tone: 'idle' }
    case 'deleted':
      return { word: 'Deleted', tone: 'idle' }
  }
}

/** The sentence beside the word. It stands alone elsewhere, so it may begin with the word that is shown before it here. */
export function statusReason(session: Standing & Pick<SessionSummary, 'why'>): string {
  const { word } = statusWords(session)
  const { why } = session
  return why.startsWith(`${word}: `) ? why.slice(word.length + 2) : why
}

/** How it is coloured while the server is away: nobody knows whether it still is so. */
export function staleTone(tone: Tone): Tone {
  return tone === 'busy' || tone === 'good' ? 'away' : tone
}
