/** The new-session form, kept in this browser so that closing the dialog or the page loses nothing of it. */
import type { Shelf } from './draft-box.ts'
import { emptyForm, type NewSessionForm } from './new-session-form.ts'

const key = 'belay.new-session'

export function keepForm(shelf: Shelf, form: NewSessionForm): void {
  shelf.setItem(key, JSON.stringify(form))
}

/** What was stored, by this version or another one: each field that is a text, the others empty. */
export function readForm(shelf: Shelf): NewSessionForm {
  const stored = parse(shelf.getItem(key))
  function text(name: keyof NewSessionForm): string {
    const value = stored.get(name)
    return typeof value === 'string' ? value : emptyForm[name]
  }
  return {
    agent: text('agent'),
    command: text('command'),
    where: text('where') === 'repository' ? 'repository' : 'folder',
    path: text('path'),
    url: text('url'),
    branch: text('branch'),
    prompt: text('prompt'),
  }
}

function parse(stored: string | null): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(stored ?? '{}')
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  } catch {
    return new Map()
  }
}
