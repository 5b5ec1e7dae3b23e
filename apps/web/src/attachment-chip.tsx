/** What goes, or went, with a prompt: its name and size, and on demand what it holds. */
import { useState } from 'react'
import { FileText, Image, X } from 'lucide-react'
import type { Attachment } from '@belay/protocol'
import { IconButton } from './icon-button.tsx'
import { problemOf } from './problem-of.ts'
import { useSession } from './session-context.ts'
import { fileSize } from './file-size.ts'

/** An attachment of a prompt that was accepted. A press shows what it holds. */
export function AttachmentChip({ attachment }: { readonly attachment: Attachment }) {
  const { client, id } = useSession()
  const { id: attachmentId, name, type, bytes } = attachment
  const [shown, setShown] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const picture = type.startsWith('image/')

  async function toggle(): Promise<void> {
    setProblem(undefined)
    if (shown !== undefined) return setShown(undefined)
    try {
      const { data } = await client.call('attachment', { id, attachmentId })
      setShown(picture ? `data:${type};base64,${data}` : textOf(data))
    } catch (error) {
      setProblem(problemOf(error).message)
    }
  }

  return (
    <div className="attachment">
      <button
        type="button"
        className="chip"
        aria-expanded={shown !== undefined}
        onClick={() => void toggle()}
      >
        <FileIcon type={type} />
        <span className="cut">{name}</span>
        <span className="muted">{fileSize(bytes)}</span>
      </button>
      {problem !== undefined && <span role="alert">{problem}</span>}
      {shown !== undefined &&
        (picture ? <img src={shown} alt={name} /> : <pre className="output">{shown}</pre>)}
    </div>
  )
}

interface DraftChipProps {
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly data: string
  readonly onRemove: () => void
}

/** One that is not sent yet. */
export function DraftChip({ name, type, bytes, data, onRemove }: DraftChipProps) {
  return (
    <li className="chip">
      {type.startsWith('image/') ? (
        <img src={`data:${type};base64,${data}`} alt="" />
      ) : (
        <FileIcon type={type} />
      )}
      <span className="cut">{name}</span>
      <span className="muted">{fileSize(bytes)}</span>
      <IconButton label={`Remove ${name}`} icon={X} onClick={onRemove} />
    </li>
  )
}

function FileIcon({ type }: { readonly type: string }) {
  const Icon = type.startsWith('image/') ? Image : FileText
  return <Icon className="icon" aria-hidden="true" />
}

function textOf(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (unit) => unit.codePointAt(0) ?? 0)
  return new TextDecoder().decode(bytes)
}
