/** What a turn changed in the workspace, and the way back. */
import { memo } from 'react'
import { type ChangesItem, fileKey } from '@belay/client'
import type { ChangedFile } from '@belay/protocol'
import { takenBackWords } from './changes-of.ts'
import { FileName } from './file-name.tsx'
import { useFold } from './folds.ts'
import { shownPatch } from './patch-text.ts'
import { RestoreButton } from './restore-button.tsx'

/** Files that are listed before they are asked for. */
const shownMax = 8

export const ChangesCard = memo(function ChangesCard({ item }: { readonly item: ChangesItem }) {
  const [open, setOpen] = useFold('patch')
  const { turn, takenBack, problem } = item
  const files = open ? item.files : item.files.slice(0, shownMax)
  const hidden = item.files.length - files.length + item.more
  return (
    <section className="card" aria-label={`Changes of turn ${turn}`} data-gone={takenBack}>
      <header className="card-head">
        <span className="title">{titleOf(item)}</span>
        {takenBack !== undefined && (
          <span className="taken-back">{takenBackWords[takenBack].short}</span>
        )}
        <RestoreButton turn={turn} />
      </header>
      {problem !== undefined && <p className="note">{problem}</p>}
      <ul className="changes">
        {files.map((file) => (
          <li key={fileKey(file)} data-status={file.status}>
            <FileName path={file.path} className="cut" /> <Counts file={file} />
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className="hint">… and {hidden} more</p>}
      {item.notes.map((note) => (
        <p key={note} className="note">
          {note}
        </p>
      ))}
      {item.patch !== '' && (
        <details
          className="folded"
          open={open}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>Patch</summary>
          {open && <pre className="output">{shownPatch(item.patch)}</pre>}
        </details>
      )}
    </section>
  )
})

function titleOf({ files, more, problem, notes }: ChangesItem): string {
  const count = files.length + more
  if (problem !== undefined) return 'What it changed is not known'
  if (count === 0 && notes.length > 0) return 'No file changed of those that were looked at'
  return count === 1 ? '1 file changed' : `${count} files changed`
}

function Counts({ file }: { readonly file: ChangedFile }) {
  if (file.added === undefined || file.removed === undefined)
    return <span className="detail">{file.status}, no text</span>
  return (
    <span className="detail">
      {file.status} <span className="plus">+{file.added}</span>{' '}
      <span className="minus">−{file.removed}</span>
    </span>
  )
}
