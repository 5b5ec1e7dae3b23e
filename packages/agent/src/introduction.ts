/**
 * What an agent says of itself in its answer to `initialize`, read field by field. Pure.
 *
 * Only the version of the protocol is worth refusing an agent. Agents are of many makers and ages, so everything else is
 * read for itself: what is odd counts as not there, and is noted for whoever looks for the reason.
 *
 * Invariants:
 * - A-100 Nothing but the protocol version refuses an agent; a refusal names the field, what was expected and what came.
 * - A-101 What is odd in a field takes no other field with it, and is noted with the same three words.
 */
import { isRecord, shown } from './odd.ts'
import { readSignIn, type SignInMethod } from './sign-in.ts'

export interface Introduction {
  /** What it calls itself, for programs: its signs are known by it. */
  readonly name: string | undefined
  readonly title: string | undefined
  readonly version: string | undefined
  readonly load: boolean
  readonly resume: boolean
  /** It takes servers of tools that are reached over HTTP. */
  readonly mcpHttp: boolean
  /** What a prompt may hold besides text. */
  readonly prompt: { readonly image: boolean; readonly resource: boolean }
  /** How a person signs in, as far as it says. */
  readonly signIn: readonly SignInMethod[]
  /** What was odd in its answer, a sentence each. */
  readonly odd: readonly string[]
}

/** The one version of ACP that is spoken here. */
export const protocolVersion = 1
const oddMax = 20
/** Of a name or version. */
const nameCharsMax = 200

/** @param answer the result of `initialize` @returns what it says, or why nothing can be made of it, in a sentence */
export function readIntroduction(answer: unknown): Introduction | { readonly refusal: string } {
  if (!isRecord(answer)) return refused('The answer', 'an object', answer)
  const { protocolVersion: spoken } = answer
  // A number in quotes says the same; anything else is another protocol.
  if (spoken !== protocolVersion && spoken !== String(protocolVersion))
    return refused('"protocolVersion"', String(protocolVersion), spoken)
  const odd: string[] = []
  const reader = new Reader(answer, odd)
  const name = reader.text('agentInfo', 'name')
  const version = reader.text('agentInfo', 'version')
  const can = 'agentCapabilities'
  return {
    name,
    title: reader.text('agentInfo', 'title') ?? name,
    version,
    load: reader.flag(can, 'loadSession'),
    resume: reader.flag(can, 'sessionCapabilities', 'resume'),
    mcpHttp: reader.flag(can, 'mcpCapabilities', 'http'),
    prompt: {
      image: reader.flag(can, 'promptCapabilities', 'image'),
      resource: reader.flag(can, 'promptCapabilities', 'embeddedContext'),
    },
    signIn: readSignIn(reader.list('authMethods'), (what) => reader.note(what)),
    odd,
  }
}

class Reader {
  readonly #answer: Readonly<Record<string, unknown>>
  readonly #odd: string[]

  constructor(answer: Readonly<Record<string, unknown>>, odd: string[]) {
    this.#answer = answer
    this.#odd = odd
  }

  /** A capability: said by `true`, or by an object, as newer ones are. */
  flag(...path: readonly string[]): boolean {
    const value = this.#at(path)
    if (value === undefined || value === null || typeof value === 'boolean') return value === true
    if (isRecord(value)) return true
    this.#expected(path, 'true, false or an object', value)
    return false
  }

  text(...path: readonly string[]): string | undefined {
    const value = this.#at(path)
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'string' || typeof value === 'number')
      return String(value).slice(0, nameCharsMax)
    this.#expected(path, 'a text', value)
    return undefined
  }

  list(...path: readonly string[]): readonly unknown[] {
    const value = this.#at(path)
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value
    this.#expected(path, 'a list', value)
    return []
  }

  note(what: string): void {
    if (this.#odd.length < oddMax && !this.#odd.includes(what)) this.#odd.push(what)
  }

  /** What is there; an odd one on the way is noted, and nothing is in it. */
  #at(path: readonly string[]): unknown {
    let value: unknown = this.#answer
    for (const [index, key] of path.entries()) {
      if (value === undefined || value === null) return undefined
      if (!isRecord(value)) {
        this.#expected(path.slice(0, index), 'an object', value)
        return undefined
      }
      value = value[key]
    }
    return value
  }

  #expected(path: readonly string[], wanted: string, got: unknown): void {
    this.note(
      `"${path.join('.')}" should be ${wanted} and is ${shown(got)}: it counts as not there`,
    )
  }
}

function refused(field: string, wanted: string, got: unknown): { readonly refusal: string } {
  const is = got === undefined ? 'is missing' : `is ${shown(got)}`
  return {
    refusal: `The agent cannot be spoken to: ${field} in its answer to initialize should be ${wanted} and ${is}.`,
  }
}
