/** One file's change, line by line. Long ones begin folded. */
import { memo, useMemo } from 'react'
import { shownName } from '@belay/client'
import { CodeLineView } from './code-line.tsx'
import { type CodeLine, languageOf } from './code-tokens.ts'
import { diffLines, type DiffLine } from './diff-lines.ts'
import { FileName } from './file-name.tsx'
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
  const [whole, setWhole] = useFold(`diff ${path}`)
  const shown = whole ? diff.lines : diff.lines.slice(0, linesAtFirst)
  const hidden = diff.lines.length - shown.length
  return (
    <figure
      className="diff"
      aria-label={`Change of ${shownName(path)}: ${diff.added} lines added, ${diff.removed} removed`}
    >
      <figcaption>
        <FileName path={path} className="mono cut" />
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

/** The lines alone, in their colours: those of before and those of after are each read as one piece of code. */
export function DiffRows({ path, lines }: DiffRowsProps) {
  const language = languageOf(path)
  const before = useCode(
    useMemo(() => sideOf(lines, 'removed'), [lines]),
    language,
  )
  const after = useCode(
    useMemo(() => sideOf(lines, 'added'), [lines]),
    language,
  )
  const coded = useMemo(() => codedLines(lines, before, after), [lines, before, after])
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys
    <div className="diff-lines" tabIndex={0}>
      <div>
        {coded.map(({ line, code }, index) => (
          // Lines of one diff never move, so their place is their identity.
          // oxlint-disable-next-line react/no-array-index-key
          <Line key={index} line={line} code={code} />
        ))}
      </div>
    </div>
  )
}

function codedLines(
  lines: readonly DiffLine[],
  before: readonly CodeLine[],
  after: readonly CodeLine[],
) {
  let old = 0
  let now = 0
  return lines.map((line) => {
    const { type } = line
    const code = type === 'gap' ? [] : type === 'removed' ? before[old] : after[now]
    if (type === 'removed' || type === 'same') old++
    if (type === 'added' || type === 'same') now++
    return { line, code: code ?? [] }
  })
}

function sideOf(lines: readonly DiffLine[], side: 'added' | 'removed'): string {
  return lines
    .flatMap((line) => (line.type === side || line.type === 'same' ? [line.text] : []))
    .join('\n')
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
