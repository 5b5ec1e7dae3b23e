/** Prompts that wait for their turn: each can be changed, moved or taken back until then, by keys too. */
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { ChevronDown, ChevronUp, type LucideIcon, Paperclip, Pencil, X } from 'lucide-react'
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

  function move(promptId: string, position: number): void {
    if (position < 1 || position > queue.length) return
    void attempt(() => client.call('editPrompt', { id, promptId, position }))
  }
  const { list, onKeyDown } = useMoveKeys(queue, move)

  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {queue.length > 0 && (
        <ol className="queue" aria-label="Queued prompts" ref={list}>
          {queue.map(({ promptId, text, attachments }, index) => (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- what the keys do has buttons too
            <li
              key={promptId}
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is moved by keys
              tabIndex={0}
              aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
              onKeyDown={(event) => onKeyDown(event, index)}
            >
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
                  <QueuedFiles names={attachments.map(({ name }) => name)} />
                  <MoveButtons
                    place={index + 1}
                    last={queue.length}
                    onMove={(position) => move(promptId, position)}
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

/** Alt and an arrow move a prompt; the focus goes with it, also when others moved meanwhile. */
function useMoveKeys(
  queue: readonly PromptItem[],
  move: (promptId: string, position: number) => void,
) {
  const list = useRef<HTMLOListElement>(null)
  const moved = useRef<string>(undefined)
  useEffect(() => {
    const at = queue.findIndex(({ promptId }) => promptId === moved.current)
    const row = list.current?.children[at]
    // Where the person has gone on to something else they are left there.
    const lost = document.activeElement === document.body
    const inList = list.current?.contains(document.activeElement) === true
    if (row instanceof HTMLElement && (lost || inList)) row.focus()
    moved.current = undefined
  }, [queue])
  function onKeyDown(event: KeyboardEvent, index: number): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const promptId = queue[index]?.promptId
    if (!event.altKey || step === undefined || promptId === undefined) return
    event.preventDefault()
    moved.current = promptId
    move(promptId, index + 1 + step)
  }
  return { list, onKeyDown }
}

function QueuedFiles({ names }: { readonly names: readonly string[] }) {
  const [first, ...others] = names
  if (first === undefined) return undefined
  return (
    <span className="files" title={names.join(', ')}>
      <Paperclip className="icon" aria-label="With" />
      <span className="cut">{first}</span>
      {others.length > 0 && <span>and {others.length} more</span>}
    </span>
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
