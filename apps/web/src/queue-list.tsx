/** Prompts that wait for their turn: each can be changed or taken back until then. */
import { useState, type FormEvent } from 'react'
import { ChevronDown, ChevronUp, type LucideIcon, Pencil, X } from 'lucide-react'
import type { PromptItem } from '@belay/client'
import type { Client } from '@belay/client/webapi'
import type { Problem } from '@belay/protocol'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'

interface QueueListProps {
  readonly client: Client
  readonly id: string
  readonly queue: readonly PromptItem[]
}

export function QueueList({ client, id, queue }: QueueListProps) {
  const [editing, setEditing] = useState<string>()
  const [problem, setProblem] = useState<Problem['error']>()

  async function attempt(action: () => Promise<unknown>): Promise<void> {
    setProblem(undefined)
    try {
      await action()
      setEditing(undefined)
    } catch (error) {
      setProblem(problemOf(error))
    }
  }

  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {queue.length > 0 && (
        <ol className="queue" aria-label="Queued prompts">
          {queue.map(({ promptId, text }, index) => (
            <li key={promptId}>
              <span className="place">{index + 1}</span>
              {editing === promptId ? (
                <EditPrompt
                  text={text}
                  onCancel={() => setEditing(undefined)}
                  onSave={(changed) =>
                    void attempt(() => client.call('editPrompt', { id, promptId, text: changed }))
                  }
                />
              ) : (
                <>
                  <span className="cut" title={text}>
                    {text}
                  </span>
                  <MoveButtons
                    place={index + 1}
                    last={queue.length}
                    onMove={(position) =>
                      void attempt(() => client.call('editPrompt', { id, promptId, position }))
                    }
                  />
                  <QueueButton
                    label={`Edit prompt ${index + 1} of the queue`}
                    icon={Pencil}
                    onClick={() => setEditing(promptId)}
                  />
                  <QueueButton
                    label={`Take back prompt ${index + 1} of the queue`}
                    icon={X}
                    onClick={() =>
                      void attempt(() => client.call('cancelPrompt', { id, promptId }))
                    }
                  />
                </>
              )}
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

interface MoveButtonsProps {
  /** From 1. */
  readonly place: number
  readonly last: number
  readonly onMove: (position: number) => void
}

function MoveButtons({ place, last, onMove }: MoveButtonsProps) {
  return (
    <>
      {place < last && (
        <QueueButton
          label={`Move prompt ${place} of the queue down`}
          icon={ChevronDown}
          onClick={() => onMove(place + 1)}
        />
      )}
      {place > 1 && (
        <QueueButton
          label={`Move prompt ${place} of the queue up`}
          icon={ChevronUp}
          onClick={() => onMove(place - 1)}
        />
      )}
    </>
  )
}

interface QueueButtonProps {
  readonly label: string
  readonly icon: LucideIcon
  readonly onClick: () => void
}

function QueueButton({ label, icon: Icon, onClick }: QueueButtonProps) {
  return (
    <button
      type="button"
      className="button"
      data-kind="quiet"
      data-size="icon"
      aria-label={label}
      onClick={onClick}
    >
      <Icon className="icon" aria-hidden="true" />
    </button>
  )
}

interface EditPromptProps {
  readonly text: string
  readonly onSave: (text: string) => void
  readonly onCancel: () => void
}

function EditPrompt({ text, onSave, onCancel }: EditPromptProps) {
  const [changed, setChanged] = useState(text)
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (changed.trim() !== '') onSave(changed)
  }
  return (
    <form onSubmit={submit}>
      <textarea
        className="input"
        aria-label="Queued prompt"
        ref={focus}
        value={changed}
        onChange={(event) => setChanged(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel()
        }}
      />
      <div className="buttons">
        <button type="button" className="button" data-size="small" onClick={onCancel}>
          Keep as it was
        </button>
        <button
          type="submit"
          className="button"
          data-kind="main"
          data-size="small"
          disabled={changed.trim() === ''}
        >
          Save
        </button>
      </div>
    </form>
  )
}

/** The person just asked for this field. */
function focus(element: HTMLElement | null): void {
  element?.focus()
}
