/** The new-session form, kept in this browser so that closing the dialog or the page loses nothing of it. */
import { afterFailures, emptyForm, finishes, type NewSessionForm } from './new-session-form.ts'
import { keepOn, type Shelf } from './shelf.ts'

const key = 'belay.new-session'

/** All but the token: what is secret is not left lying in a browser. @returns whether there was room for it */
export function keepForm(shelf: Shelf, { token: _token, ...form }: NewSessionForm): boolean {
  return keepOn(shelf, key, JSON.stringify(form))
}

/** What was stored, by this version or another one: each field that is a text, the others empty. */
export function readForm(shelf: Shelf): NewSessionForm {
  const stored = parse(shelf.getItem(key))
  function text(name: Exclude<keyof NewSessionForm, 'shallow' | 'token'>): string {
    const value = stored.get(name)
    return typeof value === 'string' ? value : emptyForm[name]
  }
  return {
    agent: text('agent'),
    command: text('command'),
    where: text('where') === 'repository' ? 'repository' : 'folder',
    path: text('path'),
    // Who is in a folder changes: whether to keep apart is asked each time.
    apart: 'unsaid',
    worktreeBranch: text('worktreeBranch'),
    url: text('url'),
    branch: text('branch'),
    ref: text('ref'),
    shallow: stored.get('shallow') === true,
    workBranch: text('workBranch'),
    user: text('user'),
    token: '',
    setup: text('setup'),
    finish: finishes.find((one) => one === text('finish')) ?? 'leave',
    afterFailure: afterFailures.find((one) => one === text('afterFailure')) ?? 'wait',
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
