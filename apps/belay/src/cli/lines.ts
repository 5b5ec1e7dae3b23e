/** What each event but speech looks like in a terminal: whole lines, calm, with a mark in front. */
import {
  findItem,
  isNotice,
  type NoticeEvent,
  noticeOf,
  type PermissionItem,
  settledWords,
  shownName,
  type ToolItem,
  toolMs,
  type Transcript,
  turnTimeWords,
  type ViewerEvent,
} from '@belay/client'
import type { ChangedFile, EventOf } from '@belay/protocol'
import { changedLines } from './diff.ts'
import { duration, harmless, oneLine, type Paint } from './paint.ts'

export interface Change {
  readonly event: ViewerEvent
  readonly before: Transcript
  readonly after: Transcript
}

export function linesOf(paint: Paint, { event, before, after }: Change): readonly string[] {
  if (isNotice(event)) return noticeLines(paint, event)
  switch (event.type) {
    case 'text':
    case 'thought':
    case 'agent-update':
    case 'session-created':
    case 'turn-delivered':
    case 'turn-taken':
      return []
    case 'prompt-accepted':
      // One that begins at once is shown when it begins.
      return before.running === undefined ? [] : [paint('dim', `· Queued: ${oneLine(event.text)}`)]
    case 'prompt-edited':
      return [paint('dim', `· Queued prompt changed: ${oneLine(event.text)}`)]
    case 'prompt-moved':
      return [paint('dim', `· Now ${event.position}: ${promptText(before, after, event.promptId)}`)]
    case 'prompt-cancelled': {
      const why = event.by === undefined ? '' : ` (${oneLine(event.by)})`
      return [paint('dim', `· Taken back: ${promptText(before, after, event.promptId)}${why}`)]
    }
    case 'turn-resolved':
      return [paint('dim', `· Turn ${event.turn}: ${resolvedWords[event.action]}`)]
    case 'turn-started':
      return turnStarted(paint, after, event)
    case 'tool':
      return tool(paint, before, after, `tool:${event.turn}:${event.toolCallId}`)
    case 'plan':
      return plan(paint, before, event)
    case 'permission-asked':
      return permissionAsked(paint, event)
    case 'permission-settled':
      return permissionSettled(paint, after, event)
    case 'turn-ended':
      return turnEnded(paint, before, after, event)
    case 'unknown-event':
      return [paint('dim', `· ${oneLine(event.event.type)}`)]
    case 'turn-changes':
      return turnChanges(paint, before, event)
  }
}

const resolvedWords = {
  continue: 'going on from where it was cut off.',
  'send-again': 'its prompt is sent again.',
  discard: 'left as it is.',
} as const

function promptText(before: Transcript, after: Transcript, promptId: string): string {
  const item = findItem(after, `prompt:${promptId}`)
  const queued = before.queue.find((prompt) => prompt.promptId === promptId)
  return oneLine(item?.type === 'prompt' ? item.text : (queued?.text ?? promptId))
}

function turnStarted(
  paint: Paint,
  after: Transcript,
  event: EventOf<'turn-started'>,
): readonly string[] {
  const item = findItem(after, `prompt:${event.promptId}`)
  const text = item?.type === 'prompt' ? harmless(item.text) : `(${event.promptId})`
  return ['', ...text.split('\n').map((line) => paint('bold', `> ${line}`))]
}

// Tools

const toolMarks = {
  pending: ['▸', 'dim'],
  in_progress: ['▸', 'dim'],
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  unknown: ['?', 'yellow'],
  'not-run': ['–', 'dim'],
} as const

/** What is said of an end that is neither good nor bad. */
const toolEnds: Partial<Record<ToolItem['status'], string>> = {
  unknown: ' (nobody can say how it ended)',
  'not-run': ' (not run: nobody allowed it)',
}

/** At the start and at the end; what lies between would only repeat the title. */
function tool(paint: Paint, before: Transcript, after: Transcript, key: string): readonly string[] {
  const old = findItem(before, key)
  const now = findItem(after, key)
  if (now?.type !== 'tool') return []
  const was = old?.type === 'tool' ? old.status : undefined
  if (isOpen(now)) return was === undefined ? [toolLine(paint, now)] : []
  if (was !== undefined && was === now.status) return []
  return [toolLine(paint, now), ...(was === 'unknown' ? [] : toolContent(paint, now))]
}

function isOpen(item: ToolItem): boolean {
  return item.status === 'pending' || item.status === 'in_progress'
}

function toolLine(paint: Paint, item: ToolItem): string {
  const [mark, color] = toolMarks[item.status]
  const took = toolMs(item)
  const time =
    took === undefined || item.status === 'not-run' ? '' : paint('dim', ` ${duration(took)}`)
  return `${paint(color, mark)} ${oneLine(item.title)}${toolEnds[item.status] ?? ''}${time}`
}

/** Lines of a failed tool's output that are shown: its end says most. */
const outputLinesMax = 10

function toolContent(paint: Paint, item: ToolItem): readonly string[] {
  return item.content.flatMap((content) => {
    // What a failed tool wanted to change is not changed.
    if (content.type === 'diff') return item.status === 'completed' ? diff(paint, content) : []
    if (item.status !== 'failed' || content.type !== 'content') return []
    const text = textOf(content['content'])
    return indent(harmless(text).trimEnd().split('\n').slice(-outputLinesMax), paint)
  })
}

function textOf(content: unknown): string {
  return typeof content === 'object' && content !== null && 'text' in content
    ? String(content.text)
    : ''
}

/** Lines of one diff that are shown; the whole is in the log and on the page. */
const diffLinesMax = 60

function diff(paint: Paint, content: Readonly<Record<string, unknown>>): readonly string[] {
  const { path, oldText, newText } = content
  const { line, removed, added } = changedLines(plain(oldText), plain(newText))
  const lines = [
    ...removed.map((old) => paint('red', `- ${old}`)),
    ...added.map((now) => paint('green', `+ ${now}`)),
  ]
  const rest = lines.length - diffLinesMax
  return [
    `  ${paint('cyan', `${oneLine(plain(path))}:${line}`)}`,
    ...lines.slice(0, diffLinesMax).map((one) => `  ${one}`),
    ...(rest > 0 ? [paint('dim', `  … and ${rest} lines more`)] : []),
  ]
}

function plain(value: unknown): string {
  return typeof value === 'string' ? harmless(value) : ''
}

// Plans and permissions

const planMarks: Readonly<Record<string, string>> = { completed: '☑', in_progress: '▸' }

/** The whole plan once, then only what became of its entries. */
function plan(paint: Paint, before: Transcript, event: EventOf<'plan'>): readonly string[] {
  const old = findItem(before, `plan:${event.turn}`)
  const known = new Set(old?.type === 'plan' ? old.entries.map(planLine) : [])
  const lines = event.entries.map(planLine).filter((line) => !known.has(line))
  return lines.map((line) => paint('dim', line))
}

function planLine(entry: EventOf<'plan'>['entries'][number]): string {
  return `  ${planMarks[entry.status ?? ''] ?? '☐'} ${oneLine(entry.content)}`
}

function permissionAsked(paint: Paint, event: EventOf<'permission-asked'>): readonly string[] {
  const diffs = (event.content ?? []).flatMap((content) =>
    content.type === 'diff' ? diff(paint, content) : [],
  )
  const options = event.options.map((option, index) => `    ${index + 1}  ${oneLine(option.name)}`)
  return [`${paint('yellow', '?')} ${paint('bold', oneLine(event.title))}`, ...diffs, ...options]
}

function permissionSettled(
  paint: Paint,
  after: Transcript,
  event: EventOf<'permission-settled'>,
): readonly string[] {
  const item = findItem(after, `permission:${event.permissionId}`)
  if (item?.type !== 'permission') return []
  return [settledLine(paint, item)]
}

function settledLine(paint: Paint, item: PermissionItem): string {
  const words = `  → ${oneLine(settledWords(item) ?? '')}`
  return item.state === 'answered' ? words : paint('dim', words)
}

// What a turn changed

/** Files of one turn that are listed; the whole is in "belay diff". */
const filesMax = 12
const fileMarks = {
  added: ['+', 'green'],
  changed: ['~', 'yellow'],
  removed: ['-', 'red'],
} as const

function turnChanges(
  paint: Paint,
  before: Transcript,
  event: EventOf<'turn-changes'>,
): readonly string[] {
  const rest = event.files.length - filesMax + (event.more ?? 0)
  const isLate = before.running !== undefined && before.running.turn !== event.turn
  return [
    ...(isLate ? [paint('dim', `· Turn ${event.turn} changed:`)] : []),
    ...changesNotes(paint, event),
    ...event.files.slice(0, filesMax).map((file) => fileLine(paint, file)),
    ...(rest > 0 ? [paint('dim', `  … and ${rest} files more`)] : []),
  ]
}

/** What is to be known beside the files, and why there are none where nobody knows. */
export function changesNotes(
  paint: Paint,
  { problem, notes }: Pick<EventOf<'turn-changes'>, 'problem' | 'notes'>,
): readonly string[] {
  return noteLines(paint, [...(problem === undefined ? [] : [problem]), ...(notes ?? [])])
}

/** Sentences that belong to what was listed, each on its line. */
export function noteLines(paint: Paint, notes: readonly string[] = []): readonly string[] {
  return notes.map((note) => `${paint('yellow', '!')} ${oneLine(note)}`)
}

export function fileLine(paint: Paint, file: ChangedFile): string {
  const [mark, color] = fileMarks[file.status]
  const lines =
    file.added === undefined || file.removed === undefined
      ? 'no text'
      : `+${file.added} -${file.removed}`
  return `  ${paint(color, mark)} ${shownName(file.path)} ${paint('dim', lines)}`
}

// Ends

const actions: Readonly<Record<string, string>> = {
  'send-again': 'Send the prompt again to try once more.',
  continue: 'Send a prompt to go on from here.',
  'edit-and-resend': 'Change the prompt and send it again.',
  'sign-in': 'Sign the agent in ("belay doctor" says how), then send the prompt again.',
}

function turnEnded(
  paint: Paint,
  before: Transcript,
  after: Transcript,
  event: EventOf<'turn-ended'>,
): readonly string[] {
  const left = before.open.flatMap((key) => {
    const item = findItem(after, key)
    if (item?.type === 'permission') return [settledLine(paint, item)]
    return item?.type === 'tool' ? [toolLine(paint, item)] : []
  })
  const item = findItem(after, `turn-end:${event.turn}`)
  const took = item?.type === 'turn-end' ? turnTimeWords(item, duration) : undefined
  const time = took === undefined ? '' : paint('dim', ` ${took}`)
  const color =
    event.outcome === 'completed' ? 'green' : event.outcome === 'failed' ? 'red' : 'yellow'
  const action = actions[event.action]
  return [
    ...left,
    '',
    `${paint(color, '■')} ${oneLine(event.sentence)}${time}`,
    ...(event.detail === undefined ? [] : indent(harmless(event.detail).split('\n'), paint)),
    ...finishLines(paint, event),
    ...(action === undefined ? [] : [paint('dim', `  ${action}`)]),
  ]
}

function finishLines(paint: Paint, { finish }: EventOf<'turn-ended'>): readonly string[] {
  if (finish === undefined) return []
  const { commit, branch, pushed, warning } = finish
  const made =
    commit === undefined
      ? []
      : [
          paint(
            'dim',
            `  Committed ${commit.slice(0, 10)} to ${oneLine(branch ?? '')}${pushed === true ? ' and pushed' : ''}.`,
          ),
        ]
  return warning === undefined ? made : [...made, paint('yellow', `  ! ${oneLine(warning)}`)]
}

const noticeMarks = { info: ['·', 'dim'], warning: ['!', 'yellow'], failure: ['✗', 'red'] } as const

export function noticeLines(paint: Paint, event: NoticeEvent): readonly string[] {
  const { level, sentence, lines } = noticeOf(event)
  if (level === 'quiet') return []
  const [mark, color] = noticeMarks[level]
  return [paint(color, `${mark} ${oneLine(sentence)}`), ...indent(lines.map(oneLine), paint)]
}

function indent(lines: readonly string[], paint: Paint): readonly string[] {
  return lines.map((line) => paint('dim', `    ${line}`))
}
