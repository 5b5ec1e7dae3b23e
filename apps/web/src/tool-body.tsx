/** What a tool call shows: texts, changes of files, and whatever else the agent sent, as it is. */
import { toolParts, pretty, shortPath, type ToolPart } from './tool-content.ts'
import { DiffView } from './diff-view.tsx'
import { useFold } from './folds.ts'
import { useFolder } from './folder.ts'
import { TerminalOutput } from './terminal-output.tsx'

type Content = Parameters<typeof toolParts>[0]

interface ToolBodyProps {
  readonly content: Content
  /** What nobody described, folded; absent or empty ones are not shown. */
  readonly raw: readonly { readonly name: string; readonly value: unknown }[]
}

export function ToolBody({ content, raw }: ToolBodyProps) {
  const folder = useFolder()
  const [open, setOpen] = useFold('raw')
  const shown = raw.filter(({ value }) => !isEmpty(value))
  return (
    <>
      {toolParts(content).map((part, index) => (
        // A tool's content is replaced whole, so a part's place is its identity.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="card-part">
          {partView(part, folder)}
        </div>
      ))}
      {shown.length > 0 && (
        <details
          className="card-part folded"
          open={open}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>{shown.map(({ name }) => name).join(' and ')}</summary>
          {open &&
            shown.map(({ name, value }) => (
              <pre key={name} className="output" aria-label={name}>
                {pretty(value)}
              </pre>
            ))}
        </details>
      )}
    </>
  )
}

function partView(part: ToolPart, folder: string | undefined) {
  switch (part.type) {
    case 'diff':
      return (
        <DiffView
          path={shortPath(part.path, folder)}
          oldText={part.oldText}
          newText={part.newText}
        />
      )
    case 'text':
      return <TerminalOutput text={part.text} />
    case 'json':
      return <pre className="output">{part.text}</pre>
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  )
}
