/**
 * What happened in a session, to read. Owns the scrolling.
 *
 * Invariants:
 * - W-17 A reader who is at the end stays at the end; one who is anywhere else is never moved.
 * - W-18 A long transcript begins with its last blocks; the earlier ones come when they are asked for.
 */
import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type ReactNode,
} from 'react'
import { ArrowDown } from 'lucide-react'
import type { Item, ItemList } from '@belay/client'
import { ItemView } from './item-view.tsx'
import { firstBlock, staysAtEnd } from './reading.ts'

interface TranscriptViewProps {
  readonly items: ItemList
  /** What stands after the last item. */
  readonly children: ReactNode
}

export function TranscriptView({ items, children }: TranscriptViewProps) {
  const { box, content, atEnd, onScroll, toEnd } = useStickyEnd()
  const [first, setFirst] = useState(0)
  const wanted = firstBlock(first, items.blocks.length, atEnd)
  if (wanted !== first) setFirst(wanted)

  /** Where the reader is, measured from the end, while blocks are put before it. */
  const held = useRef<number>(undefined)
  function showEarlier(): void {
    held.current =
      box.current === null ? undefined : box.current.scrollHeight - box.current.scrollTop
    setFirst(wanted - 1)
  }
  useLayoutEffect(() => {
    if (held.current === undefined || box.current === null) return
    box.current.scrollTo({ top: box.current.scrollHeight - held.current })
    held.current = undefined
  })

  return (
    <div className="scroller">
      <div
        className="scroll"
        ref={box}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label="Transcript"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys
        tabIndex={0}
      >
        <div className="items" ref={content}>
          {wanted > 0 && (
            <button
              type="button"
              className="button earlier"
              data-kind="quiet"
              onClick={showEarlier}
            >
              Show earlier
            </button>
          )}
          {items.blocks.slice(wanted).map((block, index) => (
            // A block's place never changes (its items' places never do).
            <Block key={wanted + index} block={block} />
          ))}
          {children}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className="button jump" onClick={toEnd}>
          <ArrowDown className="icon" aria-hidden="true" /> Jump to latest
        </button>
      )}
    </div>
  )
}

/** Only the block that changed is looked at again, and in it only the item that changed is drawn. */
const Block = memo(function Block({ block }: { readonly block: readonly Item[] }) {
  return (
    <div className="block">
      {block.map((item) => (
        <ItemView key={item.key} item={item} />
      ))}
    </div>
  )
})

function useStickyEnd() {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  // What the observer reads: it must know of a scroll before the next drawing does.
  const stick = useRef(true)
  const top = useRef(0)

  const toEnd = useCallback(() => {
    stick.current = true
    setAtEnd(true)
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [])
  const onScroll = useCallback(() => {
    if (box.current === null) return
    stick.current = staysAtEnd(stick.current, top.current, box.current)
    top.current = box.current.scrollTop
    setAtEnd(stick.current)
  }, [])
  // Whatever makes the content longer (text, an opened card, a picture of the real height) or the box shorter.
  useEffect(() => {
    if (box.current === null || content.current === null) return undefined
    const observer = new ResizeObserver(() => {
      if (stick.current) box.current?.scrollTo({ top: box.current.scrollHeight })
    })
    observer.observe(content.current)
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return { box, content, atEnd, onScroll, toEnd }
}
