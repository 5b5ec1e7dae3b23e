/** Says that the server is away, once that is worth saying. */
import { linkWords, type LinkView } from './link-words.ts'
import { useNow } from './use-now.ts'

interface LinkNoteProps {
  readonly link: LinkView
  readonly onRetry: () => void
}

export function LinkNote({ link, onRetry }: LinkNoteProps) {
  if (link.downSince === undefined) return undefined
  return <Counting link={link} onRetry={onRetry} />
}

function Counting({ link, onRetry }: LinkNoteProps) {
  const words = linkWords(link, useNow(500))
  if (words === undefined) return undefined
  return (
    <span className="link">
      <output className="unseen">Server away, reconnecting</output>
      <span aria-hidden="true" title={link.link.reason}>
        {words.text}
      </span>
      <button
        type="button"
        className="button"
        data-size="small"
        disabled={!words.canRetry}
        onClick={onRetry}
      >
        Now
      </button>
    </span>
  )
}
