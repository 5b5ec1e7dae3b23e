/** Takes back what turns did, after showing what that does. */
import { useState, type FormEvent } from 'react'
import type { Problem, RestoreTo, Take } from '@belay/protocol'
import { Modal } from './modal.tsx'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { PlanView } from './restore-plan.tsx'
import { useSession } from './session-context.ts'
import { type Planning, useRestorePlan } from './use-restore-plan.ts'

interface RestoreDialogProps {
  readonly turn: number
  readonly to: RestoreTo
  readonly onClose: () => void
}

export function RestoreDialog(props: RestoreDialogProps) {
  return (
    <Modal titleId="restore-title" onClose={props.onClose}>
      <Restore {...props} />
    </Modal>
  )
}

const nothingTaken: Take = []

function Restore({ turn, to: first, onClose }: RestoreDialogProps) {
  const { client, id } = useSession()
  const [to, setTo] = useState(first)
  const [take, setTake] = useState(nothingTaken)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()
  const { planning, again } = useRestorePlan(turn, to)
  function choose(other: RestoreTo): void {
    setTo(other)
    setTake(nothingTaken)
    setProblem(undefined)
  }
  async function restore(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      await client.call('restore', { id, turn, to, ...(take.length === 0 ? {} : { take }) })
      onClose()
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (hasWork(planning, take) && !sending) void restore()
  }
  return (
    <form onSubmit={submit}>
      <h2 id="restore-title">
        {to === 'undo' ? 'Undo the last restore?' : 'Restore the workspace?'}
      </h2>
      {to !== 'undo' && <When turn={turn} to={to} onChoose={choose} />}
      <div aria-live="polite" aria-busy={planning.state === 'looking'}>
        <PlanState planning={planning} again={again} take={take} onTake={setTake} />
      </div>
      <p className="muted">
        What the workspace holds now is kept first, and can be brought back with one press. The
        conversation stays as it is: the agent is not told.
      </p>
      <footer className="dialog-foot">
        {problem !== undefined && <ProblemNote problem={problem} />}
        <div className="buttons">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button"
            data-kind="danger"
            disabled={sending || !hasWork(planning, take)}
          >
            Restore
          </button>
        </div>
      </footer>
    </form>
  )
}

interface WhenProps {
  readonly turn: number
  readonly to: RestoreTo
  readonly onChoose: (to: RestoreTo) => void
}

function When({ turn, to, onChoose }: WhenProps) {
  return (
    <div className="segments" role="radiogroup" aria-label="To how it was">
      {(['before', 'after'] as const).map((when) => (
        <label key={when}>
          <input type="radio" name="to" checked={to === when} onChange={() => onChoose(when)} />
          {when === 'before' ? `Before turn ${turn}` : `After turn ${turn}`}
        </label>
      ))}
    </div>
  )
}

/** Whether there is anything that a restore would put back. */
function hasWork(planning: Planning, take: Take): boolean {
  return planning.state === 'known' && (planning.plan.back.length > 0 || take.length > 0)
}

interface PlanStateProps {
  readonly planning: Planning
  readonly again: () => void
  readonly take: Take
  readonly onTake: (take: Take) => void
}

function PlanState({ planning, again, take, onTake }: PlanStateProps) {
  switch (planning.state) {
    case 'looking':
      return <p className="muted">Looking at what goes back …</p>
    case 'known':
      return <PlanView plan={planning.plan} take={take} onTake={onTake} />
    case 'unknown':
      return (
        <>
          <ProblemNote problem={planning.problem} />
          <button type="button" className="button" data-size="small" onClick={again}>
            Look again
          </button>
        </>
      )
  }
}
