/** Whether something has lasted for so long that it is spoken of. */
import { useEffect, useState } from 'react'
import { quietMs } from './standing.ts'

export function useLate(lasts: boolean): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (!lasts) return undefined
    const timer = setTimeout(() => setLate(true), quietMs)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [lasts])
  return lasts && late
}
