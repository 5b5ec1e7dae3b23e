/** How long something has been going on. Only this text moves, not what is around it. */
import { runningFor } from './time.ts'
import { useNow } from './use-now.ts'

export function Elapsed({ since }: { readonly since: number }) {
  return <>{runningFor(since, useNow(1000))}</>
}
