/** A dialog above the page. The browser's own: it holds the focus, and Escape closes it. */
import { useLayoutEffect, useRef, type ReactNode } from 'react'

interface ModalProps {
  readonly titleId: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Modal({ titleId, onClose, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Closed before it leaves the document, so that the browser gives the focus back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onCancel={onClose}>
      {children}
    </dialog>
  )
}
