/** A small actor that uses every part of the contract, for the host's contract suite and its benchmark. */
import { assert, type Actor, type Context, type Step } from '@belay/actor'

export interface CounterState {
  readonly [part: string]: unknown
  readonly count: { readonly total: number; readonly seq: number }
  readonly settings: { readonly label: string; readonly listed: boolean }
  readonly alarms: { readonly at: number | undefined; readonly rang: number }
  /** For parts that come and go, or are no JSON. */
  readonly extra?: unknown
}

export type CounterInput =
  /** Adds and logs; the reply is the total. */
  | { readonly type: 'add'; readonly amount: number; readonly text?: string }
  | { readonly type: 'label'; readonly label: string }
  | { readonly type: 'list'; readonly listed: boolean }
  /** Sets the state without part `extra`, or with it. */
  | { readonly type: 'extra'; readonly value: unknown }
  /** Replies with the total and changes nothing. */
  | { readonly type: 'look' }
  | { readonly type: 'remember'; readonly key: string; readonly value: string | undefined }
  | { readonly type: 'recall'; readonly key: string }
  /** Adds 1 and performs an effect. */
  | { readonly type: 'shout'; readonly word: string }
  | { readonly type: 'must'; readonly key: string; readonly word: string }
  | { readonly type: 'settle'; readonly key: string }
  /** Sets the deadline; a negative one is never cleared, which is a bug. */
  | { readonly type: 'wake'; readonly at: number | undefined }
  | { readonly type: 'alarm' }
  /** Moves the deadline. */
  | { readonly type: 'jumped'; readonly by: number }
  /** Forgets log and rows; logs one farewell when asked to. */
  | { readonly type: 'wipe'; readonly farewell: boolean }
  /** Lets the beginning of the log go. */
  | { readonly type: 'trim'; readonly through: number }
  /** Breaks an invariant. */
  | { readonly type: 'break' }
  /** Logs an entry whose number is not the next one. */
  | { readonly type: 'skip'; readonly by: number }

export interface CounterEffect {
  readonly word: string
}

export interface CounterReply {
  readonly total: number
  readonly found: string | undefined
  readonly context: Context
}

type CounterStep = Step<CounterState, CounterEffect, CounterReply>

export const counter: Actor<CounterState, CounterInput, CounterEffect, CounterReply> = {
  alarm: { type: 'alarm' },
  isFact: (input) => input.type === 'remember' || input.type === 'jumped',
  jumped: (by) => ({ type: 'jumped', by }),
  initial: () => ({
    count: { total: 0, seq: 0 },
    settings: { label: '', listed: true },
    alarms: { at: undefined, rang: 0 },
  }),
  parse,
  lookups: (input) => (input.type === 'recall' ? [input.key] : []),
  transition,
  nextAlarm: (state) => state.alarms.at,
  summary: ({ settings }) => (settings.listed ? JSON.stringify(settings) : undefined),
}

function parse(id: string, parts: Readonly<Record<string, unknown>>): CounterState {
  const { count, settings, alarms, ...rest } = parts
  const [total, seq] = numbers(count, ['total', 'seq'])
  const [rang] = numbers(alarms, ['rang'])
  const at = field(alarms, 'at')
  const label = field(settings, 'label')
  assert(total !== undefined && seq !== undefined && rang !== undefined, `${id} has no numbers`)
  assert(
    typeof label === 'string' && label !== 'unreadable',
    `${id} has a label that cannot be read`,
  )
  return {
    ...rest,
    count: { total, seq },
    settings: { label, listed: field(settings, 'listed') === true },
    alarms: { at: typeof at === 'number' ? at : undefined, rang },
  }
}

function field(part: unknown, name: string): unknown {
  return new Map<string, unknown>(Object.entries(Object(part))).get(name)
}

function numbers(part: unknown, names: readonly string[]): number[] {
  return names.map((name) => field(part, name)).filter((value) => typeof value === 'number')
}

function transition(state: CounterState, input: CounterInput, context: Context): CounterStep {
  const reply = { total: state.count.total, found: undefined, context }
  switch (input.type) {
    case 'add':
      return add(state, context, input)
    case 'label':
      return { state: { ...state, settings: { ...state.settings, label: input.label } }, reply }
    case 'list':
      return { state: { ...state, settings: { ...state.settings, listed: input.listed } }, reply }
    case 'extra':
      return { state: withExtra(state, input.value), reply }
    case 'look':
      return { state, reply }
    case 'remember':
      return { state, reply, rows: [{ key: input.key, value: input.value }] }
    case 'recall':
      return { state, reply: { ...reply, found: context.found.get(input.key) } }
    case 'shout':
      return { ...add(state, context, { amount: 1 }), effects: [{ word: input.word }] }
    case 'must':
      return { state, reply, must: [{ key: input.key, effect: { word: input.word } }] }
    case 'settle':
      return { state, reply, settle: [input.key] }
    case 'wake':
      return { state: { ...state, alarms: { ...state.alarms, at: input.at } }, reply }
    case 'alarm':
      return { state: ring(state, context.now), reply }
    case 'jumped': {
      const { at } = state.alarms
      const moved = at === undefined ? at : at + input.by
      return { state: { ...state, alarms: { ...state.alarms, at: moved } }, reply }
    }
    case 'wipe':
      return wipe(state, context, input.farewell)
    case 'trim':
      return { state, reply, trim: input.through }
    case 'break':
      assert(false, 'asked to break')
      return { state, reply }
    case 'skip':
      return { state, reply, append: [{ seq: state.count.seq + 1 + input.by, text: '{}' }] }
  }
}

function add(
  state: CounterState,
  context: Context,
  { amount, text = '' }: { readonly amount: number; readonly text?: string },
): CounterStep {
  const count = { total: state.count.total + amount, seq: state.count.seq + 1 }
  return {
    state: { ...state, count },
    reply: { total: count.total, found: undefined, context },
    append: [{ seq: count.seq, text: JSON.stringify({ seq: count.seq, amount, text }) }],
  }
}

function withExtra(state: CounterState, value: unknown): CounterState {
  const { count, settings, alarms } = state
  return value === undefined ? { count, settings, alarms } : { ...state, extra: value }
}

function ring(state: CounterState, now: number): CounterState {
  const { at, rang } = state.alarms
  if (at === undefined || at > now || at < 0) return state
  assert(state.settings.label !== 'brittle', 'a brittle counter cannot hear its alarm')
  return { ...state, alarms: { at: undefined, rang: rang + 1 } }
}

function wipe(state: CounterState, context: Context, farewell: boolean): CounterStep {
  if (farewell) return { ...add(state, context, { amount: 0, text: 'farewell' }), wipe: true }
  return { state, reply: { total: state.count.total, found: undefined, context }, wipe: true }
}
