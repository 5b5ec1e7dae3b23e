/** One file's change, line by line. Long ones begin folded. */
import { memo, useMemo } from 'react'
import { CodeLineView } from './code-line.tsx'
import { type CodeLine, languageOf } from './code-tokens.ts'
import { diffLines, type DiffLine } from './diff-lines.ts'
import { useFold } from './folds.ts'
import { useCode } from './use-code.ts'

interface DiffViewProps {
  readonly path: string
  readonly oldText: string | undefined
  readonly newText: string
}

/** Lines shown before a reader asks for the rest. */
const linesAtFirst = 60

export const DiffView = memo(function DiffView({ path, oldText, newText }: DiffViewProps) {
  const diff = useMemo(() => diffLines(oldText, newText), [oldText, newText])
  const language = languageOf(path)
  const before = useCode(oldText ?? '', language)
  const after = useCode(newText, language)
  const [whole, setWhole] = useFold(`diff ${path}`)
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
      <div className="diff-lines">
        <div>
          {shown.map((line, index) => (
            // Lines of one diff never move, so their place is their identity.
            // oxlint-disable-next-line react/no-array-index-key
            <Line key={index} line={line} code={codeOf(line, before, after)} />
          ))}
        </div>
      </div>
      {hidden > 0 && (
        <button type="button" className="more" onClick={() => setWhole(true)}>
          Show {hidden} more lines
        </button>
      )}
    </figure>
  )
})

/** The line in its colours; as it is where the colouring counts lines in another way. */
function codeOf(line: DiffLine, before: readonly CodeLine[], after: readonly CodeLine[]): CodeLine {
  if (line.type === 'gap') return []
  const found = line.type === 'removed' ? before[line.old - 1] : after[line.new - 1]
  const same = found?.map(({ text }) => text).join('') === line.text
  return found !== undefined && same ? found : [{ text: line.text, kind: undefined }]
}

function Line({ line, code }: { readonly line: DiffLine; readonly code: CodeLine }) {
  switch (line.type) {
    case 'gap':
      return (
        <div className="diff-line gap">
          {line.lines === 1 ? '1 line' : `${line.lines} lines`} unchanged
        </div>
      )
    case 'added':
      return row('added', '+', line.new, code)
    case 'removed':
      return row('removed', '−', line.old, code)
    case 'same':
      return row('same', ' ', line.new, code)
  }
}

function row(kind: string, sign: string, number: number, code: CodeLine) {
  return (
    <div className={`diff-line ${kind}`}>
      <span className="number" aria-hidden="true">
        {number}
      </span>
      <span className="sign">{sign}</span>
      <span className="code">
        <CodeLineView line={code} />
      </span>
    </div>
  )
}
