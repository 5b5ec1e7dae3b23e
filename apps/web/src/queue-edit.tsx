/**
 * The change of a queued prompt.
 *
 * Invariants:
 * - W-78 What is typed into a queued prompt is saved, given up by the person, or moved to where prompts are written.
 */
import { useEffect, useRef, useState, type ChangeEvent, type FormEvent } from 'react'

interface EditPromptProps {
  /** As it waits. */
  readonly before: string
  /** @returns whether it was saved */
  readonly onSave: (text: string) => Promise<boolean>
  /** It was saved, or given up. */
  readonly onClose: () => void
  /** The field is gone, and what was typed into it is not saved: its prompt stopped waiting, or the page was left. */
  readonly onLost: (text: string) => void
}

export function EditPrompt({ before, onSave, onClose, onLost }: EditPromptProps) {
  const [text, setText] = useState(before)
  const typed = useRef({ before, text: before, saving: false, gone: false })
  const lose = useRef(onLost)
  useEffect(() => {
    lose.current = onLost
  }, [onLost])
  useEffect(() => {
    const now = typed.current
    now.gone = false
    return () => {
      now.gone = true
      if (!now.saving && now.text !== now.before) lose.current(now.text)
    }
  }, [])

  function change({ target }: ChangeEvent<HTMLTextAreaElement>): void {
    typed.current.text = target.value
    setText(target.value)
  }
  function close(): void {
    typed.current.text = typed.current.before
    onClose()
  }
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const now = typed.current
    if (text.trim() === '' || now.saving) return
    now.saving = true
    const saved = await onSave(text)
    now.saving = false
    if (saved) close()
    else if (now.gone && now.text !== now.before) lose.current(now.text)
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <textarea
        className="input"
        aria-label="Queued prompt"
        ref={focus}
        value={text}
        onChange={change}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close()
          // Keys that move a prompt move words here.
          event.stopPropagation()
        }}
      />
      <div className="buttons">
        <button type="button" className="button" data-size="small" onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          className="button"
          data-kind="main"
          data-size="small"
          disabled={text.trim() === ''}
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
