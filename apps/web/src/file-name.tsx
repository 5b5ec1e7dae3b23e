/** The name of a file as it is: nothing in it is obeyed, and it does not turn the words around it. */
import { shownName } from '@belay/client'

interface FileNameProps {
  readonly path: string
  readonly className?: string
}

export function FileName({ path, className = 'mono' }: FileNameProps) {
  const name = shownName(path)
  return (
    <bdi className={className} title={name}>
      {name}
    </bdi>
  )
}
