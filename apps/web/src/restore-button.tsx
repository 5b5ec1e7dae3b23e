/** The way back to before a turn: it shows first what that would do. */
import { RotateCcw } from 'lucide-react'
import { useSession } from './session-context.ts'

export function RestoreButton({ turn }: { readonly turn: number }) {
  const { askRestore } = useSession()
  return (
    <button
      type="button"
      className="button"
      data-size="small"
      data-kind="quiet"
      onClick={() => askRestore(turn, 'before')}
    >
      <RotateCcw className="icon" aria-hidden="true" /> Restore …
    </button>
  )
}
