/**
 * How a person signs in to an agent: what it says of that in `authMethods`, and the sentence for people. Pure.
 *
 * Invariants:
 * - A-102 An agent that wants a sign-in is told with how to sign in, as far as it says; its own words are a sentence of
 *   their own.
 */
import { limits } from '@belay/protocol'
import { isRecord, shown } from './odd.ts'

export interface SignInMethod {
  readonly id: string
  readonly name: string
  readonly description?: string
  /**
   * `agent`: the protocol carries it out, by `authenticate`; `terminal`: a person runs something beside it; `variable`: a
   * key in its environment.
   */
  readonly how: 'agent' | 'terminal' | 'variable'
  /** What is run in a terminal, or the variables that are set. */
  readonly what?: string
}

const methodsMax = limits.signInChoicesMax
const nameCharsMax = limits.signInNameCharsMax
const descriptionCharsMax = 300
/** A command that a person would type. */
const typedCharsMax = 60

/** @param note told of each method that cannot be read */
export function readSignIn(
  methods: readonly unknown[],
  note: (what: string) => void,
): readonly SignInMethod[] {
  const read: SignInMethod[] = []
  for (const [index, method] of methods.entries()) {
    const id = isRecord(method) ? method['id'] : undefined
    if (!isRecord(method) || typeof id !== 'string' || id === '' || id.length > nameCharsMax) {
      note(`"authMethods.${index}" should have a text as its "id" and is ${shown(method)}`)
      continue
    }
    if (read.length < methodsMax) read.push(methodOf(id, method))
  }
  return read
}

function methodOf(id: string, method: Readonly<Record<string, unknown>>): SignInMethod {
  const name = textOf(method['name'])?.slice(0, nameCharsMax) ?? id
  const description = textOf(method['description'])?.slice(0, descriptionCharsMax)
  const { how, what } = wayTo(method, description)
  return {
    id,
    name,
    how,
    ...(description === undefined ? {} : { description }),
    ...(what === undefined ? {} : { what }),
  }
}

function wayTo(
  method: Readonly<Record<string, unknown>>,
  description: string | undefined,
): Pick<SignInMethod, 'how'> & { readonly what: string | undefined } {
  const meta = isRecord(method['_meta']) ? method['_meta'] : {}
  const variables = variablesOf(method) ?? variableIn(description)
  if (method['type'] === 'env_var' || variables !== undefined)
    return { how: 'variable', what: variables }
  const command = commandIn(description) ?? commandOf(meta['terminal-auth'])
  const said = [method['type'], meta['type']].includes('terminal')
  const inTerminal = said || command !== undefined || isRecord(meta['terminal-auth'])
  return { how: inTerminal ? 'terminal' : 'agent', what: command }
}

/** A command as a text has it: "Run `copilot login` in the terminal". */
function commandIn(text: string | undefined): string | undefined {
  return /\brun\s+`([^`]+)`/i.exec(text ?? '')?.[1]
}

/** A variable as a text has it: "Requires setting the `OPENAI_API_KEY` environment variable". */
function variableIn(text: string | undefined): string | undefined {
  return /\bset(?:ting)?\b[^`]*`([A-Z][A-Z0-9_]+)`/.exec(text ?? '')?.[1]
}

function commandOf(meta: unknown): string | undefined {
  const command = isRecord(meta) ? textOf(meta['command']) : undefined
  if (!isRecord(meta) || command === undefined) return undefined
  const args = Array.isArray(meta['args'])
    ? meta['args'].filter((arg) => typeof arg === 'string')
    : []
  // Where it is installed is long, and says nothing that its name does not; a script by its path is nothing to type.
  const typed = [command.split(/[\\/]/).at(-1), ...args].join(' ')
  return typed.length > typedCharsMax ? undefined : typed
}

function variablesOf({ vars, varName }: Readonly<Record<string, unknown>>): string | undefined {
  const named = Array.isArray(vars)
    ? vars.flatMap((one: unknown) => (isRecord(one) ? (textOf(one['name']) ?? []) : []))
    : [textOf(varName) ?? []].flat()
  return named.length === 0 ? undefined : named.join(', ')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What the protocol can carry out for a person, so that they need no terminal. */
export function carriedOut(methods: readonly SignInMethod[]): readonly SignInMethod[] {
  return methods.filter(({ how }) => how === 'agent')
}

/** Ways that are named; more would be a list and no sentence. */
const waysMax = 3
const sentenceCharsMax = 200

/**
 * What happened and what a person can do, in one sentence.
 * @param words of the agent's refusal: some name the command there and nowhere else
 */
export function signInSentence(methods: readonly SignInMethod[], words = ''): string {
  const command = commandIn(words)
  const named =
    methods.length > 0 || command === undefined ? methods.map(wayOf) : [terminalWords(command)]
  const ways = [...new Set(named)].slice(0, waysMax)
  const first = 'The agent needs a sign-in'
  if (ways.length === 0)
    return `${first}: sign in with its own program on the machine of the server, then retry.`
  for (let count = ways.length; count > 0; count -= 1) {
    const sentence = `${first}: ${ways.slice(0, count).join(', or ')}; then retry.`
    if (sentence.length <= sentenceCharsMax) return sentence
  }
  return `${first}: see how below, then retry.`
}

function wayOf({ how, what, name }: SignInMethod): string {
  if (how === 'variable')
    return what === undefined ? `set the key of “${name}”` : `set ${what} for the server`
  if (what !== undefined) return terminalWords(what)
  return how === 'terminal'
    ? `sign in with its own program in a terminal on the machine of the server (“${name}”)`
    : `use its way “${name}”`
}

function terminalWords(command: string): string {
  return `run \`${command}\` in a terminal on the machine of the server`
}
