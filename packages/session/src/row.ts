/** Cold facts of a session, kept as rows: what became of each prompt, and who answered each permission. */
import type { PromptState } from '@belay/protocol'
import type { Change } from './change.ts'
import type { SessionInput } from './input.ts'

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

function promptKey(promptId: string): string {
  return `prompt:${promptId}`
}
function permissionKey(permissionId: string): string {
  return `permission:${permissionId}`
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
    case 'interrupt':
    case 'retry':
    case 'delete':
    case 'alarm':
    case 'runner-hello':
    case 'runner-frame':
    case 'runner-link-lost':
    case 'runner-exited':
    case 'runner-silent':
    case 'runner-start-failed':
    case 'runner-stopped':
    case 'files-removed':
      return []
  }
}

export function findPrompt(change: Change, promptId: string): PromptRow | undefined {
  const text = change.found.get(promptKey(promptId))
  return text === undefined ? undefined : JSON.parse(text)
}
export function findPermission(change: Change, permissionId: string): PermissionRow | undefined {
  const text = change.found.get(permissionKey(permissionId))
  return text === undefined ? undefined : JSON.parse(text)
}
export function keepPrompt(change: Change, promptId: string, row: PromptRow): void {
  change.rows.push({ key: promptKey(promptId), value: JSON.stringify(row) })
}
export function keepPermission(change: Change, permissionId: string, row: PermissionRow): void {
  change.rows.push({ key: permissionKey(permissionId), value: JSON.stringify(row) })
}
