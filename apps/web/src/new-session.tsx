/**
 * The dialog that starts a session, or tries a failed preparation again with other settings. It closes when the server
 * has accepted it; until then everything typed stays, also when the dialog is closed and opened again.
 */
import type { Client } from '@belay/client/webapi'
import { AgentChoice } from './agent-choice.tsx'
import { bound } from './bound-field.ts'
import { Modal } from './modal.tsx'
import { isComplete, otherAgent, restOf, wrongFields } from './new-session-form.ts'
import { PlaceFields } from './place-fields.tsx'
import { ProblemNote } from './problem-note.tsx'
import { fullSentence } from './shelf.ts'
import { TextArea, TextField } from './text-field.tsx'
import { useNewSession } from './use-new-session.ts'
import { WorkFields } from './work-fields.tsx'

interface NewSessionProps {
  readonly client: Client
  /** The session whose preparation failed; absent for a new one. */
  readonly edit: string | undefined
  readonly onClose: () => void
}

export function NewSession({ client, edit, onClose }: NewSessionProps) {
  const session = useNewSession(client, edit, onClose)
  const { form, ready, change, agents, unfound, problem, sending, kept, submit } = session
  const wrong = wrongFields(problem, form)
  const rest = restOf(problem, form)
  const isNew = edit === undefined
  const fields = { form, wrong, change, isNew, place: session.place }
  // Shown once it holds the settings: fields that change under a person's hands are worse than a moment's wait.
  if (!ready && unfound === undefined) return undefined
  return (
    <Modal titleId="new-title" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="new-title">{isNew ? 'New session' : 'Edit and retry'}</h2>
        {!isNew && (
          <p className="muted">
            The prompts that wait stay as they are; they run once the session is prepared.
          </p>
        )}
        <AgentChoice
          agents={agents}
          chosen={form.agent}
          wrong={wrong.agent}
          unfound={unfound}
          onLookAgain={() => void session.lookAgain()}
          onChoose={(agent) => change({ agent })}
        />
        {agents !== undefined && form.agent === otherAgent && (
          <TextField
            label="Command line"
            {...bound(fields, 'command')}
            placeholder="my-agent --acp"
          />
        )}
        <PlaceFields {...fields} />
        {isNew && (
          <TextArea
            label="First prompt"
            hint="It may stay empty: the session then waits for you."
            {...bound(fields, 'prompt')}
            placeholder="What should the agent do?"
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
                event.currentTarget.form?.requestSubmit()
            }}
          />
        )}
        <WorkFields {...fields} />
        <footer className="dialog-foot">
          {!kept && <NotKept />}
          {rest !== undefined && <ProblemNote problem={rest} />}
          <FootButtons
            words={sending ? 'Starting …' : isNew ? 'Start session' : 'Retry'}
            canSend={!sending && ready && isComplete(form)}
            onClose={onClose}
          />
        </footer>
      </form>
    </Modal>
  )
}

function NotKept() {
  return (
    <p className="not-sent" role="alert">
      {fullSentence}
    </p>
  )
}

interface FootButtonsProps {
  readonly words: string
  readonly canSend: boolean
  readonly onClose: () => void
}

function FootButtons({ words, canSend, onClose }: FootButtonsProps) {
  return (
    <div className="buttons">
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" className="button" data-kind="main" disabled={!canSend}>
        {words}
      </button>
    </div>
  )
}
