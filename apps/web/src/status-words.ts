/** How a session's status is written and coloured: the same everywhere it is shown. Pure. */
import { endings, type SessionSummary } from '@belay/protocol'

export type Tone = 'person' | 'bad' | 'busy' | 'good' | 'idle' | 'away'

interface StatusWords {
  readonly word: string
  readonly tone: Tone
}

type Standing = Pick<SessionSummary, 'status' | 'lastTurn'>

export function statusWords({ status, lastTurn }: Standing): StatusWords {
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
    case 'idle':
      if (lastTurn?.outcome === 'failed') return { word: 'Failed', tone: 'bad' }
      if (lastTurn?.outcome === 'in-doubt') return { word: 'In doubt', tone: 'person' }
      return { word: 'Idle', tone: 'idle' }
    case 'deleted':
      return { word: 'Deleted', tone: 'idle' }
  }
}

/** The sentence beside the word. An idle session says what became of its last turn when that did not go well. */
export function statusReason({
  status,
  lastTurn,
  why,
}: Standing & Pick<SessionSummary, 'why'>): string {
  const wrong = lastTurn?.outcome === 'failed' || lastTurn?.outcome === 'in-doubt'
  if (status === 'idle' && wrong) return endings[lastTurn.code].sentence
  // The sentence stands alone elsewhere, so it may begin with the word that is shown before it here.
  const { word } = statusWords({ status, lastTurn })
  return why.startsWith(`${word}: `) ? why.slice(word.length + 2) : why
}

/** How it is coloured while the server is away: nobody knows whether it still is so. */
export function staleTone(tone: Tone): Tone {
  return tone === 'busy' || tone === 'good' ? 'away' : tone
}
