/** What a person asked, as they wrote it, with what went with it and how far it has come. */
import { memo } from 'react'
import type { PromptItem } from '@belay/client'
import { receiptsOf, receiptWord } from './receipts.ts'
import { ClockTime } from './clock-time.tsx'
import { duration } from './time.ts'

export const Prompt = memo(function Prompt({ item }: { readonly item: PromptItem }) {
  return (
    <article className="prompt" data-state={item.state} aria-label="Prompt">
      <span className="words">{item.text}</span>
      <Receipts item={item} />
    </article>
  )
})

/** One word, and on hover or focus the whole way. */
function Receipts({ item }: { readonly item: PromptItem }) {
  const id = `receipts-${item.promptId}`
  return (
    <div className="receipts">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the way of a prompt is shown on focus too */}
      <span className="state" tabIndex={0} aria-describedby={id}>
        <ClockTime at={item.acceptedAt} /> {receiptWord(item)}
      </span>
      <ol id={id} role="tooltip">
        {receiptsOf(item).map(({ words, at, state }) => (
          <li key={words} data-state={state}>
            <span>{words}</span>
            <span>
              {at === undefined
                ? state === 'never'
                  ? 'never'
                  : '…'
                : timeWords(at, item.acceptedAt)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

function timeWords(at: number, from: number): string {
  const clock = new Date(at).toLocaleTimeString()
  return at === from ? clock : `${clock} · +${duration(at - from)}`
}
