/** What a program wrote, in a terminal's colours: its end first, since that is where the outcome is. */
import { memo, useMemo } from 'react'
import { ansiParts } from './ansi.ts'
import { useFold } from './folds.ts'
import { lastLines } from './last-lines.ts'

/** Lines that are shown before a reader asks for the rest. */
const linesAtFirst = 12

export const TerminalOutput = memo(function TerminalOutput({ text }: { readonly text: string }) {
  const [whole, setWhole] = useFold('output')
  const { tail, before } = useMemo(() => lastLines(text, linesAtFirst), [text])
  const parts = useMemo(() => ansiParts(whole ? text : tail), [whole, text, tail])
  return (
    <>
      {before > 0 && !whole && (
        <button type="button" className="more" onClick={() => setWhole(true)}>
          Show {before} earlier lines
        </button>
      )}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
      <pre className="output" data-whole={whole ? '' : undefined} tabIndex={0}>
        {parts.map(({ text: piece, look }, index) =>
          look === '' ? (
            piece
          ) : (
            // oxlint-disable-next-line react/no-array-index-key -- pieces are replaced whole
            <span key={index} className={look}>
              {piece}
            </span>
          ),
        )}
      </pre>
    </>
  )
})
