/** Puts a text into the clipboard, and says that it did. */
import { useEffect, useState } from 'react'
import { Check, Copy, Link2, type LucideIcon } from 'lucide-react'
import { IconButton } from './icon-button.tsx'

interface CopyButtonProps {
  readonly label: string
  /** Asked for when it is pressed: making it may cost. */
  readonly text: () => string
  readonly look?: 'copy' | 'link'
}

/** How long it says so. */
const saidMs = 1500

export function CopyButton({ label, text, look = 'copy' }: CopyButtonProps) {
  const [done, setDone] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (done === undefined) return undefined
    const timer = setTimeout(() => setDone(undefined), saidMs)
    return () => clearTimeout(timer)
  }, [done])
  const icon: LucideIcon = done === 'copied' ? Check : look === 'link' ? Link2 : Copy
  const said = done === undefined ? label : done === 'copied' ? 'Copied' : 'Could not be copied'
  return <IconButton label={said} icon={icon} onClick={() => void copyText(text()).then(setDone)} />
}

export async function copyText(text: string): Promise<'copied' | 'failed'> {
  try {
    await navigator.clipboard.writeText(text)
    return 'copied'
  } catch {
    return 'failed'
  }
}
