/**
 * The transcript: a pure fold of a session's frames into what a person sees.
 *
 * Owns: how each event changes the items. Where the frames come from is `webapi/follow.ts`; what items look like is
 * `item.ts`. States share all that did not change, so a page can skip items, and blocks of items, that are the same
 * object (`item-list.ts` has the cost).
 *
 * Invariants:
 * - V-1 Only events move the cursor, by one each; what is at or below it is dropped.
 * - V-2 A gap changes nothing but `gap`: the follower has to open its stream again.
 * - V-3 However frames are cut, repeated or resumed, the items are those of the whole log folded once.
 * - V-4 An item's key and position never change.
 */
import { unreachable } from '@belay/actor'
import type { EventOf, SessionView } from '@belay/protocol'
import { askedAlready, askingAbout, ranOrNot } from './asked.ts'
import { takeEvents } from './cursor.ts'
import type { EndFrame, ViewerFrame } from './frame.ts'
import {
  isNotice,
  type Item,
  type NoticeEvent,
  type PermissionItem,
  type PromptItem,
  type ToolItem,
  type ViewerEvent,
} from './item.ts'
import { appendItem, emptyList, itemAt, type ItemList, replaceItem } from './item-list.ts'
import { type RunningTurn, waitedBy } from './running-turn.ts'
import { nothingTakenBack, takeBack, type TakenBack } from './taken-back.ts'
import { addPosition, noPositions, positionOf, type Positions } from './positions.ts'

export interface Transcript {
  /** The session as it was said last; absent before the first frame. */
  readonly session?: SessionView | undefined
  /** The last event in here. */
  readonly cursor: number
  /** Whether everything stored was received; what follows is live. */
  readonly caughtUp: boolean
  readonly items: ItemList
  /** Accepted prompts whose turn has not begun, in their order. They are read after the items. */
  readonly queue: readonly PromptItem[]
  readonly running?: RunningTurn | undefined
  /** The latest of each kind of the agent's other updates (usage, modes, commands), by `sessionUpdate`. */
  readonly agentUpdates: Readonly<Record<string, EventOf<'agent-update'>['update']>>
  /** Why the stream is over, until another is opened. */
  readonly ended?: EndFrame | undefined
  /** An event is missing before the one that came. */
  readonly gap?: { readonly expected: number; readonly got: number } | undefined
  /** Where items stand that later events change. */
  readonly positions: Positions
  /** Keys of tools and permissions that are open; their turn closes them when it ends. */
  readonly open: readonly string[]
  /** The latest turn that is over: nothing of it can be open. */
  readonly endedTurn: number
  /** Turns whose changes the workspace does not hold any more. */
  readonly takenBack: TakenBack
}
/** @param cursor the event to begin after; 0 for the whole log */
export function emptyTranscript(cursor = 0): Transcript {
  return {
    cursor,
    caughtUp: false,
    items: emptyList,
    queue: [],
    agentUpdates: {},
    positions: noPositions,
    open: [],
    endedTurn: 0,
    takenBack: nothingTakenBack,
  }
}

export function applyFrame(state: Transcript, frame: ViewerFrame): Transcript {
  switch (frame.type) {
    case 'snapshot': {
      // The log is shorter than what was seen: it is another log (a restored backup), so the old items are not of it.
      const base = frame.seq < state.cursor ? emptyTranscript() : state
      const opened = {
        ...base,
        session: frame.session,
        caughtUp: false,
        ended: undefined,
        gap: undefined,
      }
      if (frame.trimmedTo !== undefined && frame.trimmedTo === frame.from - 1)
        return passTrimmed(opened, frame.trimmedTo, frame.session.createdAt)
      return frame.from > base.cursor + 1
        ? { ...opened, gap: { expected: base.cursor + 1, got: frame.from } }
        : opened
    }
    case 'events': {
      const taken = takeEvents(state.cursor, frame.events)
      if (taken.type === 'gap') {
        return { ...state, gap: { expected: taken.expected, got: taken.got } }
      }
      return taken.events.reduce(applyEvent, state)
    }
    case 'caught-up':
      return { ...state, caughtUp: true }
    case 'state':
      return { ...state, session: frame.session }
    case 'end':
      return { ...state, ended: frame }
    default:
      return unreachable(frame)
  }
}

/** Nothing is known of what was removed, but that nothing of it is open: a log is cut only there. */
function passTrimmed(state: Transcript, seq: number, createdAt: number): Transcript {
  if (seq <= state.cursor) return state
  const at = itemAt(state.items, -1)?.at ?? createdAt
  const closed = state.open.reduce((next, key) => closeOpen(next, key, at), state)
  return notice(
    { ...closed, cursor: seq, open: [], queue: [], running: undefined },
    { type: 'log-trimmed', seq, at },
  )
}

function applyEvent(before: Transcript, event: ViewerEvent): Transcript {
  const state = { ...before, cursor: event.seq }
  if (isNotice(event)) return notice(state, event)
  switch (event.type) {
    case 'session-created':
      return state
    case 'prompt-accepted':
    case 'prompt-edited':
    case 'prompt-moved':
    case 'prompt-cancelled':
      return changeQueue(state, event)
    case 'turn-started': {
      const { turn, promptId, at } = event
      const unasked = { asking: 0, askingSince: at, waitedMs: 0, asked: {} }
      const running = { turn, promptId, startedAt: at, ...unasked }
      return { ...leaveQueue(state, event, { state: 'running', turn, startedAt: at }), running }
    }
    case 'turn-delivered':
      return receipt(state, event, { deliveredAt: event.at })
    case 'turn-taken':
      return receipt(state, event, { takenAt: event.at })
    case 'turn-ended':
      return endTurn(state, event)
    case 'turn-resolved': {
      const end = findItem(state, `turn-end:${event.turn}`)
      return end?.type === 'turn-end'
        ? put(state, { ...end, resolved: event.action })
        : other(state, event)
    }
    case 'text':
      return addText(sign(state, event), event)
    case 'thought':
      return addThought(sign(state, event), event)
    case 'tool':
      return addTool(sign(state, event), event)
    case 'plan':
      return addPlan(sign(state, event), event)
    case 'turn-changes':
      return addChanges(state, event)
    case 'agent-update':
      return {
        ...state,
        agentUpdates: { ...state.agentUpdates, [event.update.sessionUpdate]: event.update },
      }
    case 'permission-asked':
      return askPermission(sign(state, event), event)
    case 'permission-settled':
      return settlePermission(state, event)
    case 'unknown-event':
      return other(state, event)
    default:
      return unreachable(event)
  }
}

// Prompts and turns

function changeQueue(
  state: Transcript,
  event: EventOf<'prompt-accepted' | 'prompt-edited' | 'prompt-moved' | 'prompt-cancelled'>,
): Transcript {
  switch (event.type) {
    case 'prompt-accepted':
      return { ...state, queue: placedAt(state.queue, promptItem(event), event.position) }
    case 'prompt-edited':
      return {
        ...state,
        queue: state.queue.map((prompt) =>
          prompt.promptId === event.promptId ? { ...prompt, text: event.text } : prompt,
        ),
      }
    case 'prompt-moved': {
      const prompt = state.queue.find((queued) => queued.promptId === event.promptId)
      if (prompt === undefined) return other(state, event)
      const others = state.queue.filter((queued) => queued !== prompt)
      return { ...state, queue: placedAt(others, prompt, event.position) }
    }
    case 'prompt-cancelled':
      return leaveQueue(state, event, { state: 'cancelled', endedAt: event.at })
  }
}

function promptItem(event: EventOf<'prompt-accepted'>): PromptItem {
  return {
    type: 'prompt',
    ...placed(event, `prompt:${event.promptId}`),
    promptId: event.promptId,
    text: event.text,
    attachments: event.attachments ?? [],
    state: 'queued',
    acceptedAt: event.at,
  }
}

/** @param position from 1; absent: the last */
function placedAt(
  queue: readonly PromptItem[],
  prompt: PromptItem,
  position: number | undefined,
): readonly PromptItem[] {
  return queue.toSpliced((position ?? queue.length + 1) - 1, 0, prompt)
}

function leaveQueue(
  state: Transcript,
  event: EventOf<'prompt-cancelled' | 'turn-started'>,
  change: Partial<PromptItem>,
): Transcript {
  const prompt = state.queue.find((queued) => queued.promptId === event.promptId)
  // Accepted before the transcript begins.
  if (prompt === undefined) return other(state, event)
  const queue = state.queue.filter((queued) => queued !== prompt)
  return put({ ...state, queue }, { ...prompt, ...change })
}

function changePrompt(
  state: Transcript,
  promptId: string,
  change: Partial<PromptItem>,
): Transcript {
  const prompt = findItem(state, `prompt:${promptId}`)
  return prompt?.type === 'prompt' ? put(state, { ...prompt, ...change }) : state
}

/** How far the prompt of the running turn has come. */
function receipt(
  state: Transcript,
  event: { readonly turn: number },
  times: Pick<PromptItem, 'deliveredAt' | 'takenAt' | 'firstOutputAt'>,
): Transcript {
  const { running } = state
  return running?.turn === event.turn ? changePrompt(state, running.promptId, times) : state
}

/** The first thing the agent says or does in a turn. */
function sign(
  state: Transcript,
  event: { readonly turn: number; readonly at: number },
): Transcript {
  const { running } = state
  if (running === undefined || running.turn !== event.turn || running.heard === true) return state
  const told = receipt(state, event, { firstOutputAt: event.at })
  return { ...told, running: { ...running, heard: true } }
}

function endTurn(state: Transcript, event: EventOf<'turn-ended'>): Transcript {
  const { turn, promptId, outcome, at } = event
  const running = state.running?.turn === turn ? state.running : undefined
  // Questions first: what became of them says whether a tool ran.
  const open = state.open.toSorted((a, b) => Number(isTool(a)) - Number(isTool(b)))
  const closed = open.reduce((next, key) => closeOpen(next, key, at), state)
  const told = changePrompt(closed, promptId, { state: 'done', outcome, endedAt: at })
  const ended = put(told, {
    type: 'turn-end',
    ...placed(event, `turn-end:${turn}`),
    turn,
    promptId,
    outcome,
    code: event.code,
    sentence: event.sentence,
    detail: event.detail,
    reached: event.reached,
    retryable: event.retryable,
    action: event.action,
    fault: event.fault,
    finish: event.finish,
    durationMs: running === undefined ? undefined : at - running.startedAt,
    waitedMs: running === undefined ? 0 : waitedBy(running, at),
  })
  const over = {
    ...ended,
    open: [],
    running: undefined,
    endedTurn: Math.max(state.endedTurn, turn),
  }
  if (event.changesFollow !== true) return over
  return put(over, { type: 'changes-place', ...placed(event, `changes:${turn}`), turn })
}

function isTool(key: string): boolean {
  return key.startsWith('tool:')
}

/** The latest question about a tool of a turn. */
function askedAbout(
  state: Transcript,
  tool: Pick<ToolItem, 'turn' | 'toolCallId'>,
): PermissionItem | undefined {
  const key = state.running?.turn === tool.turn ? state.running.asked[tool.toolCallId] : undefined
  const asked = key === undefined ? undefined : findItem(state, key)
  return asked?.type === 'permission' ? asked : undefined
}

/** A question was put, or is settled: the time from here on is another. @param tool what it is about */
function asks(
  state: Transcript,
  { type, permissionId, at }: EventOf<'permission-asked' | 'permission-settled'>,
  tool: string | undefined,
): Transcript {
  const { running } = state
  if (running === undefined) return state
  const asking = Math.max(0, running.asking + (type === 'permission-asked' ? 1 : -1))
  const waitedMs = waitedBy(running, at)
  const asked =
    tool === undefined ? running.asked : { ...running.asked, [tool]: `permission:${permissionId}` }
  return { ...state, running: { ...running, asking, askingSince: at, waitedMs, asked } }
}

function closeOpen(state: Transcript, key: string, at: number): Transcript {
  const item = findItem(state, key)
  if (item?.type === 'tool') {
    const status = ranOrNot('unknown', askedAbout(state, item))
    return put(state, askedAlready({ ...item, status, endedAt: at }, at))
  }
  if (item?.type !== 'permission') return state
  return put(state, { ...item, state: 'withdrawn', by: 'its turn ended', settledAt: at })
}

// What the agent says and does

function addText(state: Transcript, event: EventOf<'text'>): Transcript {
  const { turn, messageId, text, at } = event
  const last = itemAt(state.items, -1)
  if (last?.type === 'text' && last.turn === turn && last.messageId === messageId) {
    return replaceLast(state, { ...last, text: last.text + text, until: at })
  }
  const place = { ...placed(event), ...lateOf(state, event) }
  return append(state, { type: 'text', ...place, turn, messageId, text, until: at })
}

function addThought(state: Transcript, event: EventOf<'thought'>): Transcript {
  const { turn, text, at } = event
  const last = itemAt(state.items, -1)
  if (last?.type === 'thought' && last.turn === turn) {
    return replaceLast(state, { ...last, text: last.text + text, until: at })
  }
  const place = { ...placed(event), ...lateOf(state, event) }
  return append(state, { type: 'thought', ...place, turn, text, until: at })
}

function lateOf({ endedTurn }: Transcript, { turn }: { readonly turn: number }) {
  return turn <= endedTurn ? ({ late: true } as const) : {}
}

function addTool(state: Transcript, event: EventOf<'tool'>): Transcript {
  const key = `tool:${event.turn}:${event.toolCallId}`
  const found = findItem(state, key)
  const before = found?.type === 'tool' ? found : undefined
  const said = event.status ?? before?.status ?? 'pending'
  const open = said === 'pending' || said === 'in_progress'
  // An agent may still talk about a tool of a turn that is over: it cannot open it again.
  const isLate = open && event.turn <= state.endedTurn
  const asked = askedAbout(state, event)
  const status = isLate ? 'unknown' : ranOrNot(said, asked)
  const isOpen = open && status !== 'unknown'
  const item: ToolItem = {
    type: 'tool',
    ...placed(event, key),
    turn: event.turn,
    toolCallId: event.toolCallId,
    title: event.title ?? before?.title ?? event.toolCallId,
    kind: event.kind ?? before?.kind,
    status,
    content: event.content ?? before?.content ?? [],
    locations: event.locations ?? before?.locations ?? [],
    rawInput: event.rawInput ?? before?.rawInput,
    rawOutput: event.rawOutput ?? before?.rawOutput,
    endedAt: isOpen ? undefined : (before?.endedAt ?? event.at),
    // Some agents ask about a tool before they tell of it.
    askingSince: before === undefined && asked?.state === 'asked' ? event.at : before?.askingSince,
    waitedMs: before?.waitedMs ?? 0,
  }
  return mark(put(state, isOpen ? item : askedAlready(item, event.at)), key, isOpen)
}

function addPlan(state: Transcript, event: EventOf<'plan'>): Transcript {
  const { turn, entries } = event
  return put(state, { type: 'plan', ...placed(event, `plan:${turn}`), turn, entries })
}

function addChanges(state: Transcript, event: EventOf<'turn-changes'>): Transcript {
  const { turn, files, more = 0, patch, notes = [], problem } = event
  const place = placed(event, `changes:${turn}`)
  const takenBack = state.takenBack.gone.get(turn)
  return put(state, {
    type: 'changes',
    ...place,
    turn,
    files,
    more,
    patch,
    notes,
    problem,
    takenBack,
  })
}

/** The changes of turns that are taken back by it, or brought back, say so where they stand. */
function restored(state: Transcript, event: EventOf<'restored'>): Transcript {
  const before = state.takenBack.gone
  // Only what began before this transcript is not known to have ended.
  const takenBack = takeBack(state.takenBack, event, Math.max(state.endedTurn, event.turn))
  const told = { ...state, takenBack }
  return [...new Set([...before.keys(), ...takenBack.gone.keys()])].reduce((next, turn) => {
    const item = findItem(next, `changes:${turn}`)
    const extent = takenBack.gone.get(turn)
    if (item?.type !== 'changes' || item.takenBack === extent) return next
    return put(next, { ...item, takenBack: extent })
  }, told)
}

function askPermission(state: Transcript, event: EventOf<'permission-asked'>): Transcript {
  const { permissionId, turn, title, toolCallId, options, content, rawInput } = event
  const key = `permission:${permissionId}`
  const item: PermissionItem = {
    type: 'permission',
    ...placed(event, key),
    permissionId,
    turn,
    title,
    toolCallId,
    options,
    content,
    rawInput,
    state: 'asked',
  }
  const told = asks(mark(put(state, item), key, true), event, toolCallId)
  return changeAsked(told, item, (tool) => askingAbout(tool, event.at))
}

/** The tool that a question is about, if there is one. */
function changeAsked(
  state: Transcript,
  { turn, toolCallId }: PermissionItem,
  change: (tool: ToolItem) => ToolItem,
): Transcript {
  const tool = findItem(state, `tool:${turn}:${toolCallId}`)
  return tool?.type === 'tool' ? put(state, change(tool)) : state
}

function settlePermission(state: Transcript, event: EventOf<'permission-settled'>): Transcript {
  const key = `permission:${event.permissionId}`
  const item = findItem(state, key)
  if (item?.type !== 'permission') return other(state, event)
  const { optionId, by, at } = event
  const settled = optionId === undefined ? 'withdrawn' : 'answered'
  const told = put(state, { ...item, state: settled, optionId, by, settledAt: at })
  if (item.state !== 'asked') return told
  const isLatest = state.running?.asked[item.toolCallId ?? ''] === key
  const quiet = asks(mark(told, key, false), event, undefined)
  return isLatest ? changeAsked(quiet, item, (tool) => askedAlready(tool, at)) : quiet
}

// Items

function notice(state: Transcript, event: NoticeEvent): Transcript {
  const before = itemAt(state.items, -1)
  if (before?.type === 'notice' && event.type === 'said-after' && goesOn(before.event, event)) {
    const text = `${before.event.text}${event.text}`
    return replaceLast(state, { ...before, event: { ...before.event, text } })
  }
  const changed = event.type === 'restored' ? restored(state, event) : state
  const told = append(changed, { type: 'notice', ...placed(event), event })
  // No turn will ask for what waits there.
  return event.type === 'session-deleted' ? { ...told, queue: [] } : told
}

function other(state: Transcript, event: ViewerEvent): Transcript {
  return append(state, { type: 'other', ...placed(event), event })
}

function placed(event: Pick<ViewerEvent, 'seq' | 'at'>, key = `event:${event.seq}`) {
  return { key, seq: event.seq, at: event.at }
}

function append(state: Transcript, item: Item): Transcript {
  return { ...state, items: appendItem(state.items, item) }
}

function replaceLast(state: Transcript, item: Item): Transcript {
  return { ...state, items: replaceItem(state.items, state.items.length - 1, item) }
}

/** The item with this key, as it is now. */
export function findItem(state: Transcript, key: string): Item | undefined {
  const position = positionOf(state.positions, key)
  return position === undefined ? undefined : itemAt(state.items, position)
}

/** Replaces the item with this key where it stands, or adds it at the end. */
function put(state: Transcript, item: Item): Transcript {
  const position = positionOf(state.positions, item.key)
  if (position === undefined) {
    const positions = addPosition(state.positions, item.key, state.items.length)
    return { ...append(state, item), positions }
  }
  const { seq, at } = itemAt(state.items, position) ?? item
  return { ...state, items: replaceItem(state.items, position, { ...item, seq, at }) }
}

function mark(state: Transcript, key: string, open: boolean): Transcript {
  if (state.open.includes(key) === open) return state
  return {
    ...state,
    open: open ? [...state.open, key] : state.open.filter((one) => one !== key),
  }
}

type SaidAfter = Extract<NoticeEvent, { type: 'said-after' }>

/** Words that stream on; a tool or a plan stands for itself. */
function goesOn(before: NoticeEvent, event: SaidAfter): before is SaidAfter {
  return (
    before.type === 'said-after' &&
    before.kind === event.kind &&
    before.after === event.after &&
    before.update === undefined &&
    event.update === undefined
  )
}
