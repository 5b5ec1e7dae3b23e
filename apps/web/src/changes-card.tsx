/** What a turn changed in the workspace, and the way back. */
import { memo, useState } from 'react'
import type { ChangesItem } from '@belay/client'
import type { ChangedFile } from '@belay/protocol'
import { useFold } from './folds.ts'
import { problemOf } from './problem-of.ts'
import { useSession } from './session-context.ts'

/** Files that are listed before they are asked for. */
const shownMax = 8

export const ChangesCard = memo(function ChangesCard({ item }: { readonly item: ChangesItem }) {
  const [open, setOpen] = useFold('patch')
  const files = open ? item.files : item.files.slice(0, shownMax)
  const hidden = item.files.length - files.length + item.more
  const count = item.files.length + item.more
  return (
    <section className="card" aria-label={`Changes of turn ${item.turn}`}>
      <header className="card-head">
        <span className="title">{count === 1 ? '1 file changed' : `${count} files changed`}</span>
        <RestoreButton turn={item.turn} />
      </header>
      <ul className="changes">
        {files.map((file) => (
          <li key={file.path} data-status={file.status}>
            <span className="cut">{file.path}</span> <Counts file={file} />
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className="hint">… and {hidden} more</p>}
      <details
        className="folded"
        open={open}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary>Patch</summary>
        <pre className="output">{item.patch}</pre>
      </details>
    </section>
  )
})

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

/** Asked twice, because it changes files; what they hold now is kept all the same. */
function RestoreButton({ turn }: { readonly turn: number }) {
  const { client, id } = useSession()
  const [step, setStep] = useState<'idle' | 'sure' | 'sent'>('idle')
  const [problem, setProblem] = useState<string>()

  async function restore(): Promise<void> {
    if (step !== 'sure') return setStep('sure')
    setStep('sent')
    setProblem(undefined)
    try {
      await client.call('restore', { id, turn, to: 'before' })
    } catch (error) {
      setProblem(problemOf(error).message)
    }
    setStep('idle')
  }

  return (
    <>
      {problem !== undefined && <span role="alert">{problem}</span>}
      <button
        type="button"
        className="button"
        data-size="small"
        data-kind="quiet"
        disabled={step === 'sent'}
        onClick={() => void restore()}
      >
        {step === 'sure' ? `Really undo turn ${turn}?` : 'Undo'}
      </button>
    </>
  )
}
