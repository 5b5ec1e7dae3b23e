/** Prompts that wait for their turn: each can be changed, moved or taken back until then, by keys too. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { ChevronDown, ChevronUp, Paperclip, Pencil, X } from 'lucide-react'
import type { PromptItem } from '@belay/client'
import type { Problem } from '@belay/protocol'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { IconButton } from './icon-button.tsx'
import { EditPrompt } from './queue-edit.tsx'
import { useSession } from './session-context.ts'

interface QueueListProps {
  readonly queue: readonly PromptItem[]
}

export function QueueList({ queue }: QueueListProps) {
  const { client, id, addToDraft } = useSession()
  const [editing, setEditing] = useState<string>()
  /** Whether the change of a prompt that stopped waiting was moved to where prompts are written. */
  const [moved, setMoved] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()

  /** @returns whether it was done */
  async function attempt(action: () => Promise<unknown>): Promise<boolean> {
    setProblem(undefined)
    setMoved(false)
    try {
      await action()
      return true
    } catch (error) {
      setProblem(problemOf(error))
      return false
    }
  }

  function edit({ promptId }: PromptItem, change: { text?: string; position?: number }) {
    return attempt(() => client.call('editPrompt', { id, promptId, ...change }))
  }
  function move(prompt: PromptItem, position: number): void {
    if (position >= 1 && position <= queue.length) void edit(prompt, { position })
  }
  function takeBack({ promptId }: PromptItem): void {
    void attempt(() => client.call('cancelPrompt', { id, promptId }))
  }
  function lost(text: string): void {
    addToDraft(text)
    setMoved(true)
  }
  const { list, onKeyDown } = useMoveKeys(queue, move)

  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {moved && <Moved />}
      {queue.length > 0 && (
        <ol className="queue" aria-label="Queued prompts" ref={list}>
          {queue.map((prompt, index) => (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- what the keys do has buttons too
            <li
              key={prompt.promptId}
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is moved by keys
              tabIndex={0}
              aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
              onKeyDown={(event) => onKeyDown(event, index)}
            >
              <span className="place">{index + 1}</span>
              {editing === prompt.promptId ? (
                <EditPrompt
                  before={prompt.text}
                  onSave={(text) => edit(prompt, { text })}
                  onClose={() => setEditing(undefined)}
                  onLost={lost}
                />
              ) : (
                <Waiting
                  prompt={prompt}
                  place={index + 1}
                  last={queue.length}
                  onMove={(position) => move(prompt, position)}
                  onEdit={() => setEditing(prompt.promptId)}
                  onTakeBack={() => takeBack(prompt)}
                />
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
  move: (prompt: PromptItem, position: number) => void,
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
    const prompt = queue[index]
    if (!event.altKey || step === undefined || prompt === undefined) return
    event.preventDefault()
    moved.current = prompt.promptId
    move(prompt, index + 1 + step)
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

function Moved() {
  return (
    <p className="not-sent" role="alert">
      The prompt stopped waiting before your change was saved. What you typed is below, to be sent
      as a new one.
    </p>
  )
}

interface WaitingProps extends MoveButtonsProps {
  readonly prompt: PromptItem
  readonly onEdit: () => void
  readonly onTakeBack: () => void
}

function Waiting({ prompt, place, last, onMove, onEdit, onTakeBack }: WaitingProps) {
  return (
    <>
      <span className="cut" title={prompt.text}>
        {prompt.text}
      </span>
      <QueuedFiles names={prompt.attachments.map(({ name }) => name)} />
      <MoveButtons place={place} last={last} onMove={onMove} />
      <IconButton label={`Edit prompt ${place} of the queue`} icon={Pencil} onClick={onEdit} />
      <IconButton label={`Take back prompt ${place} of the queue`} icon={X} onClick={onTakeBack} />
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
        <IconButton
          label={`Move prompt ${place} of the queue down`}
          icon={ChevronDown}
          onClick={() => onMove(place + 1)}
        />
      )}
      {place > 1 && (
        <IconButton
          label={`Move prompt ${place} of the queue up`}
          icon={ChevronUp}
          onClick={() => onMove(place - 1)}
        />
      )}
    </>
  )
}
