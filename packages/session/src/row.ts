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

export function promptKey(promptId: string): string {
  return `prompt:${promptId}`
}
export function permissionKey(permissionId: string): string {
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
    default:
      return []
  }
}

export function findPrompt(change: Change, promptId: string): PromptRow | undefined {
  return read<PromptRow>(change, promptKey(promptId))
}
export function findPermission(change: Change, permissionId: string): PermissionRow | undefined {
  return read<PermissionRow>(change, permissionKey(permissionId))
}
function read<Value>(change: Change, key: string): Value | undefined {
  const text = change.found.get(key)
  return text === undefined ? undefined : JSON.parse(text)
}

export function keepPrompt(change: Change, promptId: string, row: PromptRow): void {
  change.rows.push({ key: promptKey(promptId), value: JSON.stringify(row) })
}
export function keepPermission(change: Change, permissionId: string, row: PermissionRow): void {
  change.rows.push({ key: permissionKey(permissionId), value: JSON.stringify(row) })
}
