/** What an agent's refusal of a request means, in words. */
import { isRecord } from '../odd.ts'
import { carriedOut, readSignIn, type SignInMethod, signInSentence } from '../sign-in.ts'
import type { AgentFailure, Answer } from './adapter.ts'

/** ACP's code of a request that wants a sign-in first. */
const authRequired = -32000
/** What JSON-RPC calls an error that it has no other word for. */
const internal = 'Internal error'
/** Of what an agent adds to its refusal. */
const dataCharsMax = 1000

export interface AgentRefusal {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** @param methods ways to sign in that it named at its start; some name them in the refusal itself */
export function refusalOf(
  { code, message, data }: AgentRefusal,
  methods: readonly SignInMethod[],
): Answer<never> {
  if (code !== authRequired) {
    return failed('agent-error', wordsOf(message, data))
  }
  const named = isRecord(data) && Array.isArray(data['authMethods']) ? data['authMethods'] : []
  const late = readSignIn(named, () => {})
  const all = [...late, ...methods.filter(({ id }) => !late.some((one) => one.id === id))]
  const signIn = carriedOut(all)
  return {
    failure: {
      code: 'sign-in-needed',
      message: signInSentence(all, message),
      detail: `The agent says: ${message}`,
      ...(signIn.length === 0 ? {} : { signIn }),
    },
  }
}

/** Its own words where it has some, and else what it added, as it is. */
function wordsOf(message: string, data: unknown): string {
  const own = isRecord(data) ? data['message'] : data
  if (typeof own === 'string' && own !== '') {
    const words = own.slice(0, dataCharsMax)
    return message === internal ? words : `${message}: ${words}`
  }
  return data === undefined
    ? message
    : `${message} (${JSON.stringify(data).slice(0, dataCharsMax)})`
}

/** Why a sign-in came to nothing that a person chose. */
export function notSignedIn(
  id: string,
  methods: readonly SignInMethod[],
  { message, detail = `The agent says: ${message}` }: AgentFailure,
): AgentFailure {
  const name = methods.find((method) => method.id === id)?.name ?? id
  return {
    code: 'sign-in-needed',
    message: `The sign-in by “${name}” did not work: try it again, or go another way.`,
    detail,
    signIn: carriedOut(methods),
  }
}

export function failed(
  code: AgentFailure['code'],
  message: string,
): { readonly failure: AgentFailure } {
  return { failure: { code, message } }
}
