/** Where a person writes to the agent. Enter sends, Shift and Enter make a new line. */
import { useState, type KeyboardEvent } from 'react'
import { ArrowUp, CornerUpRight } from 'lucide-react'
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import type { DraftBox } from './draft-box.ts'
import { useLive } from './live.ts'
import { StopButton } from './stop-button.tsx'

interface ComposerProps {
  readonly client: Client
  readonly id: string
  readonly box: DraftBox
  readonly turn: SessionView['turn']
}

export function Composer({ client, id, box, turn }: ComposerProps) {
  const draft = useLive(box.draft)
  const [stopProblem, setStopProblem] = useState<string>()
  const underWay = draft.sent?.state === 'under-way'
  const canSend = draft.text.trim() !== '' && !underWay

  function send(): void {
    if (canSend) void box.send(client)
  }
  function onKeyDown(event: KeyboardEvent): void {
    // Enter also ends the composing of a character, where one is composed.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  const wrong = draft.problem ?? stopProblem
  return (
    <div className="composer">
      <textarea
        id="composer"
        rows={1}
        aria-label="Prompt"
        aria-describedby="composer-hint"
        placeholder={
          turn === undefined
            ? 'What should the agent do?'
            : 'The next prompt: it waits for the running turn'
        }
        value={draft.text}
        onChange={(event) => box.type(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="buttons">
        <span id="composer-hint" className="hint">
          {wrong === undefined ? (
            <span className="keys">
              {underWay ? 'Sending …' : 'Enter sends, Shift+Enter makes a new line'}
            </span>
          ) : (
            <span className="not-sent" role="alert">
              {wrong}
            </span>
          )}
        </span>
        {turn !== undefined && (
          <>
            <StopButton client={client} id={id} turn={turn} onProblem={setStopProblem} />
            <button
              type="button"
              className="button"
              disabled={!canSend}
              title="Stop the running turn and send this next"
              onClick={() => void box.steer(client)}
            >
              <CornerUpRight className="icon" aria-hidden="true" /> Steer
            </button>
          </>
        )}
        <button
          type="button"
          className="button"
          data-kind="main"
          disabled={!canSend}
          onClick={send}
        >
          <ArrowUp className="icon" aria-hidden="true" /> {turn === undefined ? 'Send' : 'Queue'}
        </button>
      </div>
    </div>
  )
}
