/** What the agent thought, folded: there for whoever wants to know. */
import { memo } from 'react'
import { Brain } from 'lucide-react'
import type { ThoughtItem } from '@belay/client'
import { useFold } from './folds.ts'
import { MarkdownText } from './markdown-text.tsx'

export const Thought = memo(function Thought({ item }: { readonly item: ThoughtItem }) {
  const [open, setOpen] = useFold('thought')
  return (
    <details
      className="thought"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Brain className="icon" aria-hidden="true" />
        <span className="cut">{open ? 'Thought' : `Thought: ${firstLine(item.text)}`}</span>
      </summary>
      {/* Folded thoughts cost nothing: many are never read. */}
      {open && (
        <div className="thought-text">
          <MarkdownText text={item.text} />
        </div>
      )}
    </details>
  )
})

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? ''
  return line.replace(/[*_`#]+/g, '').slice(0, 200)
}
