/** Holds a reader at the end of what grows, until they go up; counts what came since. The rule is `reading.ts`. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { staysAtEnd } from './reading.ts'

/** @param length how many items there are */
export function useStickyEnd(length: number) {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  /** How many there were when the reader left the end. */
  const [seen, setSeen] = useState(0)
  const count = useRef(length)
  useLayoutEffect(() => {
    count.current = length
  })
  // What the observer reads: it must know of a scroll before the next drawing does.
  const stick = useRef(true)
  const top = useRef(0)

  const settle = useCallback((held: boolean) => {
    if (stick.current && !held) setSeen(count.current)
    stick.current = held
    setAtEnd(held)
  }, [])
  const letGo = useCallback(() => settle(false), [settle])
  const toEnd = useCallback(() => {
    settle(true)
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [settle])
  const onScroll = useCallback(() => {
    if (box.current === null) return
    settle(staysAtEnd(stick.current, top.current, box.current))
    top.current = box.current.scrollTop
  }, [settle])
  // Whatever makes the content longer (text, an opened card, the real height of what was estimated) or the box shorter.
  useEffect(() => {
    if (box.current === null || content.current === null) return undefined
    const observer = new ResizeObserver(() => {
      if (stick.current) box.current?.scrollTo({ top: box.current.scrollHeight })
    })
    observer.observe(content.current)
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return { box, content, atEnd, onScroll, toEnd, letGo, fresh: length - seen }
}
