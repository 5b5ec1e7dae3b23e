/** The agent's plan of a turn, as it stands now. */
import { memo } from 'react'
import { Circle, CircleCheck, CircleDot, ListTodo } from 'lucide-react'
import type { PlanItem } from '@belay/client'

export const PlanCard = memo(function PlanCard({ item }: { readonly item: PlanItem }) {
  const done = item.entries.filter((entry) => entry.status === 'completed').length
  return (
    <article className="card plan" aria-label="Plan">
      <header className="card-head">
        <ListTodo className="icon" aria-hidden="true" />
        <span className="title">Plan</span>
        <span className="state">
          {done} of {item.entries.length} done
        </span>
      </header>
      <ol>
        {item.entries.map((entry, index) => (
          // A plan is replaced whole, so an entry's place is its identity.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} data-state={entry.status}>
            <EntryIcon status={entry.status} />
            <span>{entry.content}</span>
          </li>
        ))}
      </ol>
    </article>
  )
})

function EntryIcon({ status }: { readonly status: string | undefined }) {
  if (status === 'completed') return <CircleCheck className="icon" aria-label="done" />
  if (status === 'in_progress') return <CircleDot className="icon" aria-label="under way" />
  return <Circle className="icon" aria-label="to do" />
}
