/** The lines of one file in a patch. Long ones begin folded. */
import { memo, useState } from 'react'
import { shownName } from '@belay/client'
import { DiffRows } from './diff-view.tsx'
import type { PatchFile } from './patch-files.ts'

interface PatchViewProps {
  readonly path: string
  readonly patch: PatchFile
}

/** Lines shown before a reader asks for the rest. */
const linesAtFirst = 200

export const PatchView = memo(function PatchView({ path, patch }: PatchViewProps) {
  const [whole, setWhole] = useState(false)
  const { lines, note } = patch
  const shown = whole ? lines : lines.slice(0, linesAtFirst)
  const hidden = lines.length - shown.length
  return (
    <figure className="diff" aria-label={`Change of ${shownName(path)}`}>
      {shown.length > 0 && <DiffRows path={path} lines={shown} />}
      {hidden > 0 && (
        <button type="button" className="more" onClick={() => setWhole(true)}>
          Show {hidden} more lines
        </button>
      )}
      {note !== undefined && <p className="part-title">{note}</p>}
    </figure>
  )
})
