/**
 * The keys of the page: one table, that both the help and the listener read. Pure.
 *
 * Invariants:
 * - W-38 A key means something only outside of what is typed into; two keys in a row are one word.
 */

export type Action =
  | 'new-session'
  | 'search'
  | 'palette'
  | 'help'
  | 'next-row'
  | 'previous-row'
  | 'go-list'
  | 'go-settings'
  | 'go-needs'
  | 'go-chat'
  | 'go-changes'
  | 'go-log'
  | 'write'

interface Shortcut {
  /** As they are pressed, one after the other. */
  readonly keys: readonly string[]
  readonly what: string
  readonly action: Action
}

export const shortcuts: readonly Shortcut[] = [
  { keys: ['c'], what: 'New session', action: 'new-session' },
  { keys: ['/'], what: 'Search sessions', action: 'search' },
  { keys: ['j'], what: 'Next session in the list', action: 'next-row' },
  { keys: ['k'], what: 'Previous session in the list', action: 'previous-row' },
  { keys: ['g', 'n'], what: 'Go to the next session that needs you', action: 'go-needs' },
  { keys: ['g', 'l'], what: 'Go to the list', action: 'go-list' },
  { keys: ['g', 'c'], what: 'Go to the chat', action: 'go-chat' },
  { keys: ['g', 'd'], what: 'Go to the changes', action: 'go-changes' },
  { keys: ['g', 'e'], what: 'Go to the log of events', action: 'go-log' },
  { keys: ['g', 's'], what: 'Go to the settings', action: 'go-settings' },
  { keys: ['i'], what: 'Write a prompt', action: 'write' },
  { keys: ['?'], what: 'These keys', action: 'help' },
]

interface KeyGroup {
  readonly title: string
  readonly keys: readonly { readonly keys: readonly string[]; readonly what: string }[]
}

/** All keys as the help shows them. Those beside `shortcuts` are handled where they belong. */
export const keyGroups: readonly KeyGroup[] = [
  {
    title: 'Everywhere, but in a field',
    keys: [
      ...shortcuts,
      { keys: ['1', '…', '9'], what: 'Give this answer to the question that waits' },
    ],
  },
  {
    title: 'In the transcript',
    keys: [
      { keys: ['j'], what: 'Next item' },
      { keys: ['k'], what: 'Previous item' },
      { keys: ['o'], what: 'Open or close what is folded' },
      { keys: ['y'], what: 'Copy the item' },
      { keys: ['L'], what: 'Copy a link to it' },
      { keys: ['G'], what: 'Go to the latest' },
    ],
  },
  {
    title: 'Also where you type',
    keys: [
      { keys: ['Ctrl', 'K'], what: 'Find a session or a command' },
      { keys: ['Alt', '↑'], what: 'Move a prompt of the queue up' },
      { keys: ['Alt', '↓'], what: 'Move a prompt of the queue down' },
      { keys: ['Enter'], what: 'Send, or open' },
      { keys: ['Shift', 'Enter'], what: 'New line in a prompt' },
      { keys: ['Esc'], what: 'Close, or leave the field' },
    ],
  },
]

export interface KeyStep {
  /** The first key of a word that is not complete. */
  readonly pending: string | undefined
  readonly action: Action | undefined
}

export function keyStep(pending: string | undefined, key: string): KeyStep {
  const word = pending === undefined ? [key] : [pending, key]
  const found = shortcuts.find(({ keys }) => keys.join(' ') === word.join(' '))
  if (found !== undefined) return { pending: undefined, action: found.action }
  const begins = shortcuts.some(({ keys }) => keys.length > 1 && keys[0] === key)
  return { pending: begins ? key : undefined, action: undefined }
}
