/**
 * The script of the scripted model, which is written in the prompt itself, so that the model needs no state:
 *
 *   [[say TEXT]]         TEXT, a word at a time          [[slow N MS]]      tok1 … tokN, one every MS milliseconds
 *   [[write PATH TEXT]]  a call of the write tool        [[bash COMMAND]]   a call of the shell tool
 *   [[tool NAME JSON]]   a call of NAME as it stands     [[hang]]           one token, then silence for ever
 *   [[error CODE [N]]]   HTTP CODE, N times or always    [[drop N MS [K]]]  N tokens, then the socket is destroyed; K times
 *                                                                        or always
 *   [[reset]]            forget what stands before it: some agents join a killed turn's prompt with the next one
 *
 * A tool call ends an answer; the agent comes back with its result and gets what follows. `]]` ends a directive,
 * so JSON that nests arrays must write `] ]`.
 */

export type Directive =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'think'; readonly text: string }
  /** Says whether an earlier message of the conversation holds the word. */
  | { readonly type: 'recall'; readonly word: string }
  | { readonly type: 'slow'; readonly tokens: number; readonly everyMs: number }
  | {
      readonly type: 'drop'
      readonly tokens: number
      readonly everyMs: number
      readonly times: number
    }
  | { readonly type: 'hang' }
  | { readonly type: 'error'; readonly status: number; readonly times: number }
  | ToolDirective

export type ToolDirective =
  | { readonly type: 'write'; readonly path: string; readonly text: string }
  | { readonly type: 'bash'; readonly command: string }
  | { readonly type: 'tool'; readonly name: string; readonly json: string }

const pattern =
  /\[\[(reset|say|think|recall|slow|write|bash|tool|hang|error|drop)(?:\s+([\s\S]*?))?\]\]/g

/** The directives of a text that count, in order. */
export function directivesOf(text: string): readonly Directive[] {
  let found: Directive[] = []
  for (const [, name = '', rest = ''] of text.matchAll(pattern)) {
    if (name === 'reset') found = []
    else found.push(directive(name, rest))
  }
  return found
}

/** The answers of a script: each ends with the directive that hands over to the agent. */
export function answersOf(directives: readonly Directive[]): readonly (readonly Directive[])[] {
  const answers: Directive[][] = [[]]
  for (const item of directives) {
    answers.at(-1)?.push(item)
    if (isToolDirective(item)) answers.push([])
  }
  return answers
}

export function isToolDirective(item: Directive): item is ToolDirective {
  return item.type === 'write' || item.type === 'bash' || item.type === 'tool'
}

/** The directive that makes Codex run a command outside its sandbox, which it asks a permission for. */
export function askedCommand(command: string): string {
  const call = { cmd: command, sandbox_permissions: 'require_escalated', justification: 'a test' }
  return `[[tool exec_command ${JSON.stringify(call)}]]`
}

function directive(name: string, rest: string): Directive {
  const [first, after] = cut(rest)
  switch (name) {
    case 'say':
      return { type: 'say', text: rest.trim() }
    case 'think':
      return { type: 'think', text: rest.trim() }
    case 'recall':
      return { type: 'recall', word: first }
    case 'slow':
      return { type: 'slow', tokens: number(first, 1), everyMs: number(after, 0) }
    case 'drop':
      return drop(first, after)
    case 'hang':
      return { type: 'hang' }
    case 'error':
      return { type: 'error', status: number(first, 500), times: number(after, Infinity) }
    case 'write':
      return { type: 'write', path: first, text: after }
    case 'bash':
      return { type: 'bash', command: rest.trim() }
    default:
      return { type: 'tool', name: first, json: after === '' ? '{}' : after }
  }
}

function drop(tokens: string, rest: string): Directive {
  const [everyMs, times] = cut(rest)
  return {
    type: 'drop',
    tokens: number(tokens, 1),
    everyMs: number(everyMs, 0),
    times: number(times, Infinity),
  }
}

function cut(text: string): readonly [string, string] {
  const [, first = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  return [first, rest]
}

function number(text: string, otherwise: number): number {
  if (text === '') return otherwise
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Error(`a directive wants a number, got "${text}"`)
  return value
}
