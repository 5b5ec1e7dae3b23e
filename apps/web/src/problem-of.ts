/** Any failure of a request in the one shape a person is shown. */
import { ApiError, ServerAway } from '@belay/client/webapi'
import type { Problem } from '@belay/protocol'

export function problemOf(error: unknown): Problem['error'] {
  if (error instanceof ApiError) return error.problem
  if (error instanceof ServerAway)
    return {
      code: 'going-away',
      message: 'The server did not answer.',
      action: 'Try again: what arrived before is not done twice.',
    }
  throw error
}
