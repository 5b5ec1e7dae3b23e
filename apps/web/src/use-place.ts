/** What the server knows of a folder while a person types it. */
import { useEffect, useState } from 'react'
import type { Client } from '@belay/client/webapi'
import type { Place } from '@belay/protocol'

/** A person who stops for this long has typed a whole path, or waits to hear about it. */
const pauseMs = 250

/** @returns `undefined` until something is known of exactly this path */
export function usePlace(client: Client, path: string): Place | undefined {
  const [known, setKnown] = useState<{ readonly path: string; readonly place: Place }>()
  useEffect(() => {
    if (!/^(?:\/|[A-Za-z]:[\\/])/.test(path)) return undefined
    let here = true
    const timer = setTimeout(() => void look(), pauseMs)
    async function look(): Promise<void> {
      try {
        const place = await client.call('place', { path })
        if (here) setKnown({ path, place })
      } catch {
        // Nothing is known then, and nothing is offered; what is wrong with it the server says when it is sent.
      }
    }
    return () => {
      here = false
      clearTimeout(timer)
    }
  }, [client, path])
  return known?.path === path ? known.place : undefined
}
