/**
 * Cold facts of a session, kept as rows: what became of each prompt, who answered each permission, and which turns a
 * person may still decide about.
 */
import type { Attachment, EndingCode, PromptState, Resolution } from '@belay/protocol'
import type { Change } from './change.ts'
import type { PromptText, SessionInput } from './input.ts'

export interface PromptRow {
  readonly digest: string
  readonly state: PromptState['state']
  readonly turn?: number
  readonly ending?: string
}
export interface PermissionRow {
  readonly optionId?: string
  readonly by: string
}

/** What a turn was started with; kept until nobody can want to send it again. */
export interface TurnText {
  readonly text: string
  readonly digest: string
  readonly attachments?: readonly Attachment[]
}
/** Of a turn that ended in a way that may be tried again. */
export interface TurnRow {
  readonly code: EndingCode
  readonly resolved?: { readonly action: Resolution; readonly promptId: string }
}

function promptKey(promptId: string): string {
  return `prompt:${promptId}`
}
function permissionKey(permissionId: string): string {
  return `permission:${permissionId}`
}

function turnKey(turn: number): string {
  return `turn:${turn}`
}
function changesKey(turn: number): string {
  return `changes:${turn}`
}
function turnTextKey(turn: number): string {
  return `turn-text:${turn}`
}

/** The rows an input's transition reads. */
export function lookups(input: SessionInput): readonly string[] {
  switch (input.type) {
    case 'create':
      return input.prompt === undefined ? [] : [promptKey(input.prompt.promptId)]
    case 'prompt-submitted':
      return [promptKey(input.prompt.promptId)]
    case 'prompt-edited':
    case 'prompt-cancelled':
    case 'prompt-looked-up':
      return [promptKey(input.promptId)]
    case 'permission-answered':
      return [permissionKey(input.permissionId)]
    case 'turn-resolved':
      return [turnKey(input.turn), turnTextKey(input.turn), promptKey(input.promptId)]
    case 'changes-looked-up':
      return [changesKey(input.turn)]
    case 'interrupt':
    case 'resume-queue':
    case 'restore':
    case 'plan-restore':
    case 'expire':
    case 'trim':
    case 'callback-resent':
    case 'callback-tried':
    case 'server-started':
    case 'agent-restart-asked':
    case 'chosen':
    case 'retry':
    case 'delete':
    case 'alarm':
    case 'clock-jumped':
    case 'runner-hello':
    case 'runner-frame':
    case 'runner-link-lost':
    case 'runner-exited':
    case 'runner-silent':
    case 'runner-start-failed':
    case 'runner-stopped':
    case 'folder-shared':
    case 'folder-freed':
    case 'files-removed':
    case 'effect-refused':
      return []
  }
}

/** The row that holds an attachment: an `AttachmentData` as JSON. It is as old as its prompt, and goes with the events that tell of it, or the session. */
export function attachmentKey(attachmentId: string): string {
  return `attachment:${attachmentId}`
}

/** Keeps what came with a prompt, in the commit that accepts it. @returns how the log names it */
export function keepAttachments(
  change: Change,
  attachments: PromptText['attachments'],
): { readonly attachments?: Attachment[] } {
  if (attachments === undefined) return {}
  const named = attachments.map(({ data, ...attachment }) => {
    if (data !== undefined)
      change.rows.push({
        key: attachmentKey(attachment.id),
        value: JSON.stringify({ ...attachment, data }),
      })
    return attachment
  })
  return { attachments: named }
}

export function forgetAttachment(change: Change, attachmentId: string): void {
  change.rows.push({ key: attachmentKey(attachmentId), value: undefined })
}

export function findPrompt(change: Change, promptId: string): PromptRow | undefined {
  const text = change.found.get(promptKey(promptId))
  return text === undefined ? undefined : JSON.parse(text)
}
export function findPermission(change: Change, permissionId: string): PermissionRow | undefined {
  const text = change.found.get(permissionKey(permissionId))
  return text === undefined ? undefined : JSON.parse(text)
}
export function findTurn(change: Change, turn: number): TurnRow | undefined {
  const text = change.found.get(turnKey(turn))
  return text === undefined ? undefined : JSON.parse(text)
}
export function findTurnText(change: Change, turn: number): TurnText | undefined {
  const text = change.found.get(turnTextKey(turn))
  return text === undefined ? undefined : JSON.parse(text)
}
export function keepPrompt(change: Change, promptId: string, row: PromptRow): void {
  change.rows.push({ key: promptKey(promptId), value: JSON.stringify(row) })
}
export function keepPermission(change: Change, permissionId: string, row: PermissionRow): void {
  change.rows.push({ key: permissionKey(permissionId), value: JSON.stringify(row) })
}
export function keepTurn(change: Change, turn: number, row: TurnRow): void {
  change.rows.push({ key: turnKey(turn), value: JSON.stringify(row) })
}
/** @param text undefined when nobody can want to send it again */
export function keepTurnText(change: Change, turn: number, text: TurnText | undefined): void {
  const value = text === undefined ? undefined : JSON.stringify(text)
  change.rows.push({ key: turnTextKey(turn), value })
}
/** Where in the log it stands what a turn changed, or that it is not known; `none` for one that changed nothing. */
export function keepChanges(change: Change, turn: number, seq: number | 'none'): void {
  change.rows.push({ key: changesKey(turn), value: String(seq) })
}
/** Absent for a turn that was never with an agent, and for one that changed nothing before that was kept. */
export function findChanges(change: Change, turn: number): number | 'none' | undefined {
  const text = change.found.get(changesKey(turn))
  return text === undefined || text === 'none' ? text : Number(text)
}
