/** Why a session waits: the server's sentence of this moment, and behind it when each hop was last heard of. */
import { useEffect, useState } from 'react'
import type { Client } from '@belay/client/webapi'
import type { SessionSummary, Why } from '@belay/protocol'
import { statusReason, statusWords } from './status-words.ts'

/** How often is asked while something is waited for: often enough for sentences that speak of seconds. */
const askMs = 3000

interface WhyLineProps {
  readonly client: Client
  readonly session: SessionSummary
}

export function WhyLine({ client, session }: WhyLineProps) {
  const { id, status } = session
  const why = useWhy(client, id, status)
  const { word } = statusWords(session)
  // An answer about another status is of the past already.
  const told =
    why?.status === status && status !== 'idle' ? withoutWord(why.sentence, word) : undefined
  const reason = told ?? statusReason(session)
  return (
    <details className="why">
      <summary className="cut" title={reason}>
        {/* Only the word is spoken when it changes: the times beside it move all the while. */}
        <output className="word">{word}</output> <span>{reason}</span>
      </summary>
      {why !== undefined && (
        <ul className="hops" aria-label="Last proof of life">
          {why.hops.map(({ hop, state, sentence }) => (
            <li key={hop} data-state={state}>
              <span className="hop">{hop}</span> {sentence}
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}

function useWhy(client: Client, id: string, status: SessionSummary['status']): Why | undefined {
  const [why, setWhy] = useState<Why>()
  useEffect(() => {
    if (status === 'deleted') return undefined
    let wanted = true
    async function ask(): Promise<void> {
      // While the server is away the line beside this says so; the last answer stands.
      const answer = await client.call('why', { id }).catch(() => undefined)
      if (wanted && answer !== undefined) setWhy(answer)
    }
    void ask()
    const timer = setInterval(() => void ask(), askMs)
    return () => {
      wanted = false
      clearInterval(timer)
    }
  }, [client, id, status])
  return why
}

/** The word is shown before the sentence. */
function withoutWord(sentence: string, word: string): string {
  return sentence.startsWith(`${word}: `) ? sentence.slice(word.length + 2) : sentence
}
