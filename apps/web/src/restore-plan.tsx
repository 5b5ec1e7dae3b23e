/**
 * What a restore would do, file by file, and the choice of what else goes back.
 *
 * - W-94 A restore says before it is done which files go back, and of each that stays why; one that may go back all the
 *   same does so only when a person chose it.
 */
import { useState, type ReactNode } from 'react'
import { fileKey } from '@belay/client'
import type { BackFile, RestorePlan, StayFile, Take } from '@belay/protocol'
import { FileName } from './file-name.tsx'

/** Files of a list that are shown before the rest is asked for. */
const shownMax = 8
/** Files that one press adds: what a browser draws in a moment. */
const pressMax = 200

interface PlanViewProps {
  readonly plan: RestorePlan
  readonly take: Take
  readonly onTake: (take: Take) => void
}

export function PlanView({ plan, take, onTake }: PlanViewProps) {
  const { back, stay, moreBack = 0, moreStay = 0, notes = [] } = plan
  const going = back.length + moreBack
  const staying = stay.length + moreStay
  const choices = stay.filter(({ canTake }) => canTake)
  return (
    <div className="plan-of-restore">
      <h3>
        {going === 0 ? 'Nothing goes back' : `${files(going)} ${going === 1 ? 'goes' : 'go'} back`}
      </h3>
      <Folded files={back} more={moreBack}>
        {(file) => <BackRow key={fileKey(file)} file={file} />}
      </Folded>
      {staying > 0 && (
        <>
          <h3>
            {files(staying)} {staying === 1 ? 'stays as it is' : 'stay as they are'}
          </h3>
          {choices.length > 0 && (choices.length > 1 || moreStay > 0) && (
            <label className="check">
              <input
                type="checkbox"
                checked={take === 'all'}
                onChange={(event) => onTake(event.target.checked ? 'all' : [])}
              />
              Restore all of these too, where that can be
            </label>
          )}
          <Folded files={stay} more={moreStay}>
            {(file) => <StayRow key={fileKey(file)} file={file} take={take} onTake={onTake} />}
          </Folded>
        </>
      )}
      {notes.map((note) => (
        <p key={note} className="note">
          {note}
        </p>
      ))}
    </div>
  )
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}

interface FoldedProps<File> {
  readonly files: readonly File[]
  /** Files that the list had no room for. */
  readonly more: number
  readonly children: (file: File) => ReactNode
}

/** A long list begins folded, and unfolds by parts that a browser draws in a moment. */
function Folded<File>({ files: all, more, children }: FoldedProps<File>) {
  const [shown, setShown] = useState(shownMax)
  const hidden = all.length - shown
  return (
    <>
      {all.length > 0 && <ul className="plan-files">{all.slice(0, shown).map(children)}</ul>}
      {hidden > 0 ? (
        <button type="button" className="more" onClick={() => setShown(shown + pressMax)}>
          … and {hidden + more} more
        </button>
      ) : (
        more > 0 && <p className="hint">… and {more} more that there is no room for here</p>
      )}
    </>
  )
}

const doing = {
  create: ['A', 'added', 'is made again'],
  change: ['M', 'changed', 'is changed back'],
  remove: ['D', 'removed', 'is removed'],
} as const

function BackRow({ file: { path, does } }: { readonly file: BackFile }) {
  const [letter, status, words] = doing[does]
  return (
    <li>
      <span className="letter" data-status={status} aria-hidden="true">
        {letter}
      </span>
      <span className="words">
        <FileName path={path} /> <span className="detail">{words}</span>
      </span>
    </li>
  )
}

interface StayRowProps extends Omit<PlanViewProps, 'plan'> {
  readonly file: StayFile
}

function StayRow({ file: { path, message, canTake }, take, onTake }: StayRowProps) {
  const words = (
    <span className="words">
      <FileName path={path} /> <span className="detail">{message}</span>
    </span>
  )
  if (!canTake)
    return (
      <li>
        <span className="letter" aria-hidden="true">
          –
        </span>
        {words}
      </li>
    )
  const others = take === 'all' ? [] : take.filter((one) => one !== path)
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={take === 'all' || take.includes(path)}
          disabled={take === 'all'}
          onChange={(event) => onTake(event.target.checked ? [...others, path] : others)}
        />
        {words}
      </label>
    </li>
  )
}
