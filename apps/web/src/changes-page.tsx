/** What a session changed in its workspace, turn by turn or all together; and the way back to a checkpoint. */
import { useMemo, useState } from 'react'
import type { Transcript } from '@belay/client'
import type { ChangedFile } from '@belay/protocol'
import {
  changesOf,
  fileChanges,
  type FileChanges,
  heldChanges,
  remarksOf,
  takenBackWords,
  type TurnChanges,
} from './changes-of.ts'
import { PatchView } from './patch-view.tsx'
import { ClockTime } from './clock-time.tsx'
import { FileName } from './file-name.tsx'
import { RestoreButton } from './restore-button.tsx'
import { UndoRestore } from './undo-restore.tsx'

export function ChangesPage({ transcript }: { readonly transcript: Transcript }) {
  const turns = useMemo(() => changesOf(transcript), [transcript])
  const [chosen, setChosen] = useState<number>()
  const shown = turns.find(({ turn }) => turn === chosen)
  const told = useMemo(() => (shown === undefined ? heldChanges(turns) : [shown]), [shown, turns])
  const files = useMemo(() => fileChanges(told), [told])
  if (!transcript.caughtUp && turns.length === 0)
    return <p className="opening muted">Reading what this session changed …</p>
  if (turns.length === 0) return <NoChanges />
  const more = told.reduce((sum, turn) => sum + turn.more, 0)
  return (
    <div className="changes-page">
      <nav className="changes-side" aria-label="Turns">
        <button
          type="button"
          aria-pressed={shown === undefined}
          onClick={() => setChosen(undefined)}
        >
          <span className="cut">The whole session</span>
          <span className="detail">{turns.length === 1 ? '1 turn' : `${turns.length} turns`}</span>
        </button>
        {turns.map((turn) => (
          <TurnButton
            key={turn.turn}
            turn={turn}
            pressed={turn === shown}
            onChoose={() => setChosen(turn.turn)}
          />
        ))}
      </nav>
      <section className="changes-main" aria-label="Changed files">
        <header className="changes-head">
          <h2>
            {shown === undefined ? 'What this session changed' : `What turn ${shown.turn} changed`}
          </h2>
          {shown !== undefined && <RestoreButton turn={shown.turn} />}
        </header>
        <UndoRestore transcript={transcript} />
        {remarksOf(turns, shown).map((remark) => (
          <p key={remark} className="note">
            {remark}
          </p>
        ))}
        {told.length > 1 && (
          <p className="muted">
            Turn by turn, in their order: a line that was changed twice is here twice.
          </p>
        )}
        {files.map((file) => (
          <FileSection key={file.key} file={file} open={files.length <= 12} />
        ))}
        {more > 0 && <p className="muted">… and {more} more files that the log had no room for.</p>}
      </section>
    </div>
  )
}

function NoChanges() {
  return (
    <div className="empty">
      <h2>Nothing changed yet</h2>
      <p>
        When a turn ends, what it changed in the workspace is listed here, file by file, and you can
        put the workspace back to how it was before or after it.
      </p>
    </div>
  )
}

interface TurnButtonProps {
  readonly turn: TurnChanges
  readonly pressed: boolean
  readonly onChoose: () => void
}

function TurnButton({ turn, pressed, onChoose }: TurnButtonProps) {
  const count = turn.files.length + turn.more
  const { takenBack, problem } = turn
  const changed = problem === undefined ? (count === 1 ? '1 file' : `${count} files`) : 'not known'
  return (
    <button type="button" aria-pressed={pressed} data-gone={takenBack} onClick={onChoose}>
      <span className="cut">{turn.prompt ?? `Turn ${turn.turn}`}</span>
      <span className="detail">
        Turn {turn.turn} ·{' '}
        {takenBack !== undefined && (
          <span className="taken-back">{takenBackWords[takenBack].short} · </span>
        )}
        {changed} · <ClockTime at={turn.at} />
      </span>
    </button>
  )
}

const letters: Readonly<Record<ChangedFile['status'], string>> = {
  added: 'A',
  changed: 'M',
  removed: 'D',
}

function FileSection({ file, open }: { readonly file: FileChanges; readonly open: boolean }) {
  const [shown, setShown] = useState(open)
  return (
    <details
      className="card file"
      open={shown}
      onToggle={(event) => setShown(event.currentTarget.open)}
    >
      <summary className="card-head">
        <span className="letter" data-status={file.status} title={file.status}>
          {letters[file.status]}
          <span className="unseen"> {file.status}</span>
        </span>
        <FileName path={file.path} className="mono cut title" />
        {file.added === undefined || file.removed === undefined ? (
          <span className="detail">no text</span>
        ) : (
          <span className="detail">
            <span className="plus">+{file.added}</span>{' '}
            <span className="minus">−{file.removed}</span>
          </span>
        )}
      </summary>
      {shown &&
        file.parts.map(({ turn, patch }) => (
          <div key={turn} className="card-part">
            {file.parts.length > 1 && <p className="part-title">Turn {turn}</p>}
            <PatchView path={file.path} patch={patch} />
          </div>
        ))}
    </details>
  )
}
