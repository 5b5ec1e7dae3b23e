/** What a person asked, as they wrote it. On hover: when it was accepted, handed over, taken, and over. */
import { memo } from 'react'
import type { PromptItem } from '@belay/client'

export const Prompt = memo(function Prompt({ item }: { readonly item: PromptItem }) {
  return (
    <article className="prompt" data-state={item.state} aria-label="Prompt" title={receipts(item)}>
      <span className="words">{item.text}</span>
      {item.state === 'cancelled' && <span className="state">taken back before its turn</span>}
    </article>
  )
})

function receipts(item: PromptItem): string {
  const steps: readonly (readonly [string, number | undefined])[] = [
    ['accepted', item.acceptedAt],
    ['started', item.startedAt],
    ['taken by the agent', item.takenAt],
    ['over', item.endedAt],
  ]
  return steps
    .flatMap(([name, at]) =>
      at === undefined ? [] : [`${name} ${new Date(at).toLocaleTimeString()}`],
    )
    .join(' · ')
}
