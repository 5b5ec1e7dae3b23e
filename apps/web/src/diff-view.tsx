/** One file's change, line by line. Long ones begin folded. */
import { memo, useMemo, useState } from 'react'
import { diffLines, type DiffLine } from './diff-lines.ts'

interface DiffViewProps {
  readonly path: string
  readonly oldText: string | undefined
  readonly newText: string
}

/** Lines shown before a reader asks for the rest. */
const linesAtFirst = 60

export const DiffView = memo(function DiffView({ path, oldText, newText }: DiffViewProps) {
  const diff = useMemo(() => diffLines(oldText, newText), [oldText, newText])
  const [whole, setWhole] = useState(false)
  const shown = whole ? diff.lines : diff.lines.slice(0, linesAtFirst)
  const hidden = diff.lines.length - shown.length
  return (
    <figure
      className="diff"
      aria-label={`Change of ${path}: ${diff.added} lines added, ${diff.removed} removed`}
    >
      <figcaption>
        <span className="mono cut" title={path}>
          {path}
        </span>
        {oldText === undefined && <span className="muted">new</span>}
        {diff.added > 0 && <span className="plus">+{diff.added}</span>}
        {diff.removed > 0 && <span className="minus">−{diff.removed}</span>}
      </figcaption>
      <DiffRows path={path} lines={shown} />
      {hidden > 0 && (
        <button type="button" className="more" onClick={() => setWhole(true)}>
          Show {hidden} more lines
        </button>
      )}
    </figure>
  )
})

interface DiffRowsProps {
  /** Names the language. */
  readonly path: string
  readonly lines: readonly DiffLine[]
}

/** The lines alone. */
export function DiffRows({ lines }: DiffRowsProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys
    <div className="diff-lines" tabIndex={0}>
      <div>
        {lines.map((line, index) => (
          // Lines of one diff never move, so their place is their identity.
          // oxlint-disable-next-line react/no-array-index-key
          <Line key={index} line={line} />
        ))}
      </div>
    </div>
  )
}

function Line({ line }: { readonly line: DiffLine }) {
  switch (line.type) {
    case 'gap':
      return (
        <div className="diff-line gap">
          {line.lines === 1 ? '1 line' : `${line.lines} lines`} unchanged
        </div>
      )
    case 'added':
      return row('added', '+', line.new, line.text)
    case 'removed':
      return row('removed', '−', line.old, line.text)
    case 'same':
      return row('same', ' ', line.new, line.text)
  }
}

function row(kind: string, sign: string, number: number, text: string) {
  return (
    <div className={`diff-line ${kind}`}>
      <span className="number" aria-hidden="true">
        {number}
      </span>
      <span className="sign">{sign}</span>
      <span className="code">{text}</span>
    </div>
  )
}
