/**
 * What happened in a session, to read. Owns the scrolling; what a key does is `transcript-keys.ts`.
 *
 * Invariants:
 * - W-17 A reader who is at the end stays at the end; one who is anywhere else is never moved.
 * - W-18 However long a transcript is, it opens at its end, and only what is on the screen is drawn.
 * - W-61 A link to an event opens the transcript there and marks it.
 */
import {
  memo,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
  type RefObject,
} from 'react'
import { ArrowDown } from 'lucide-react'
import { itemsOf, type Item, type ItemList } from '@belay/client'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { indexOfSeq, useLinkedSeq } from './event-link.ts'
import { FoldScope } from './folds.ts'
import { ItemView } from './item-view.tsx'
import { jumpWords, readableItems } from './reading.ts'
import { useTranscriptKeys } from './transcript-keys.ts'
import { useStickyEnd } from './use-sticky-end.ts'

interface TranscriptViewProps {
  readonly items: ItemList
  /** Whether everything stored is there. */
  readonly complete: boolean
  /** Whether the card of a failed preparation stands at the end. */
  readonly attention: boolean
  /** What stands after the last item. */
  readonly children: ReactNode
}

/** Drawn above and below what is seen, so that a quick scroll shows no gap. */
const bufferPx = 600

export function TranscriptView({ items, complete, attention, children }: TranscriptViewProps) {
  const list = useRef<VirtualizerHandle>(null)
  const all = useMemo(() => itemsOf(items), [items])
  const shown = useMemo(() => readableItems(all, attention), [all, attention])
  const { box, content, atEnd, fresh, onScroll, toEnd, letGo } = useStickyEnd(shown.length)
  const folds = useMemo(() => new Map<string, boolean>(), [])
  const [marked, setMarked] = useState<string>()
  const keep = marked === undefined ? -1 : shown.findIndex((item) => item.key === marked)

  const goTo = useCallback(
    (index: number, key: string, align: 'start' | 'nearest') => {
      letGo()
      list.current?.scrollToIndex(index, { align })
      focusWhenDrawn(box, key)
    },
    [box, letGo],
  )
  const onKeyDown = useTranscriptKeys({ list, items: shown, marked, setMarked, goTo, toEnd })
  useLink(shown, complete, goTo)

  return (
    <div className="scroller">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys for reading; everything they do has a button too */}
      <div
        className="scroll"
        ref={box}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        role="log"
        aria-live="off"
        aria-label="Transcript"
        aria-keyshortcuts="j k o y L G"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys
        tabIndex={0}
      >
        <div className="items" ref={content}>
          <FoldScope value={folds}>
            <Virtualizer
              ref={list}
              data={shown}
              scrollRef={box}
              bufferSize={bufferPx}
              keepMounted={keep < 0 ? none : [keep]}
            >
              {(item, index) => (
                <Row
                  key={item.key}
                  item={item}
                  after={shown[index - 1]?.type}
                  last={index === shown.length - 1}
                  marked={item.key === marked}
                  onMark={setMarked}
                />
              )}
            </Virtualizer>
          </FoldScope>
          {children}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className="button jump" onClick={toEnd}>
          <ArrowDown className="icon" aria-hidden="true" /> {jumpWords(fresh)}
        </button>
      )}
    </div>
  )
}

const none: readonly number[] = []

interface RowProps {
  readonly item: Item
  /** What stands right above it. */
  readonly after: Item['type'] | undefined
  readonly last: boolean
  readonly marked: boolean
  readonly onMark: (key: string) => void
}

const Row = memo(function Row({ item, after, last, marked, onMark }: RowProps) {
  return (
    <div
      className="item"
      data-type={item.type}
      data-after={after}
      data-key={item.key}
      data-marked={marked ? '' : undefined}
      tabIndex={-1}
      onFocus={() => onMark(item.key)}
    >
      <ItemView item={item} last={last} />
    </div>
  )
})

type GoTo = (index: number, key: string, align: 'start' | 'nearest') => void

/** Goes once to where the address points, as soon as everything stored is there. */
function useLink(items: readonly Item[], complete: boolean, goTo: GoTo): void {
  const seq = useLinkedSeq()
  const followed = useRef<number>(undefined)
  useEffect(() => {
    if (seq === undefined || seq === followed.current || !complete) return
    const index = indexOfSeq(items, seq)
    const item = index === undefined ? undefined : items[index]
    if (index === undefined || item === undefined) return
    followed.current = seq
    goTo(index, item.key, 'start')
  }, [seq, complete, items, goTo])
}

/** An item far away is drawn a moment after it was scrolled to, and hidden until it was measured. */
const framesMax = 60

function focusWhenDrawn(box: RefObject<HTMLElement | null>, key: string, frames = 0): void {
  const element = box.current?.querySelector(`[data-key="${CSS.escape(key)}"]`)
  if (element instanceof HTMLElement) element.focus({ preventScroll: true })
  if (frames < framesMax && (element ?? undefined) !== (document.activeElement ?? undefined))
    requestAnimationFrame(() => focusWhenDrawn(box, key, frames + 1))
}
