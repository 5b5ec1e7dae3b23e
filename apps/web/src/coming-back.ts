/** The moments at which a line to the server may be dead without anybody having heard: after sleep, hiding, or no network. */

/** @returns what stops it */
export function onComingBack(run: () => void): () => void {
  function onVisible(): void {
    if (document.visibilityState === 'visible') run()
  }
  addEventListener('online', run)
  // Also when the browser kept the whole page and shows it again (`persisted`): its sockets are gone by then.
  addEventListener('pageshow', run)
  document.addEventListener('visibilitychange', onVisible)
  document.addEventListener('resume', run)
  return () => {
    removeEventListener('online', run)
    removeEventListener('pageshow', run)
    document.removeEventListener('visibilitychange', onVisible)
    document.removeEventListener('resume', run)
  }
}
