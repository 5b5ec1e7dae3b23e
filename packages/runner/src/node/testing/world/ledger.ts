/**
 * Which byte belongs to whom: the acts of every session as the world saw them, and what a restore may and must do by them.
 *
 * Owns: the promises. It knows states of names before and after, and nothing of how Belay keeps or finds them.
 */
import { isIgnored, type Moment, repositoriesOf } from './ignoring.ts'
import { changed, type Name, type Snapshot, type State, viewOf } from './snapshot.ts'

/** One moment, with what in it a restore could be about; names in `view` are the workspace's. */
export interface Seen {
  readonly moment: Moment
  readonly view: Snapshot
}

export interface Act {
  readonly number: number
  readonly session: string
  readonly kind: 'turn' | 'restore'
  readonly turn: number
  readonly start: Seen
  end: Seen | undefined
  /** Others have to take it for under way: it is, or its runner died in it and has not begun anything since. */
  open: boolean
  /** Belay said nothing that would leave it open whether it knows this act whole. */
  sure: boolean
  /** Its runner died as it ended: those beside may not have heard what it changed. */
  untold: boolean
  /** Names that others changed while it was under way. */
  readonly foreign: Set<Name>
  /** Acts of others that were under way at some moment of it. */
  readonly beside: Set<Act>
}

/** What a restore said of itself. */
export interface Told {
  readonly back: ReadonlySet<Name>
  /** Names that stay, and whether a person may choose otherwise. */
  readonly stay: ReadonlyMap<Name, boolean>
  readonly taken: 'all' | ReadonlySet<Name> | undefined
  /** Turns that it said it could keep nothing of. */
  readonly unkept: ReadonlySet<number>
  /** How many it said that it put back, folders with nothing in them too. */
  readonly files: number
  /** How many it said that stayed. */
  readonly stayed: number
  /** It said that it did not do what was asked. */
  readonly message: string | undefined
  /** Something was done to Belay or its Git meanwhile. */
  readonly disturbed: boolean
}

export function seenAt(moment: Moment, workspace: Name): Seen {
  return { moment, view: viewOf(moment.all, workspace) }
}

export class Ledger {
  readonly workspace: Name
  readonly acts: Act[] = []
  #last = 0

  constructor(workspace: Name) {
    this.workspace = workspace
  }

  begin(session: string, kind: Act['kind'], turn: number, start: Seen): Act {
    this.#last++
    const act: Act = {
      number: this.#last,
      session,
      kind,
      turn,
      start,
      end: undefined,
      open: true,
      sure: true,
      untold: false,
      foreign: new Set<Name>(),
      beside: new Set<Act>(),
    }
    for (const other of this.acts) {
      if (other.session === session) other.open = false
      if (!other.open) continue
      act.beside.add(other)
      other.beside.add(act)
    }
    this.acts.push(act)
    return act
  }

  drop(act: Act): void {
    const index = this.acts.indexOf(act)
    if (index >= 0) this.acts.splice(index, 1)
    for (const other of act.beside) other.beside.delete(act)
  }

  /** Somebody changed these while acts were under way. */
  wrote(session: string | undefined, before: Snapshot, after: Snapshot): void {
    const names = changed(before, after)
    for (const act of this.acts)
      if (act.end === undefined && act.session !== session)
        for (const name of names) act.foreign.add(name)
  }

  of(session: string): readonly Act[] {
    return this.acts.filter((act) => act.session === session)
  }

  /**
   * What is wrong with what a restore did.
   * @param acts those it was to take back, in their order
   */
  wrongs(acts: readonly Act[], before: Seen, after: Seen, told: Told): readonly string[] {
    const wrongs: string[] = []
    const names = new Set([...before.view.keys(), ...after.view.keys()])
    for (const act of acts) for (const name of changesOf(act)) names.add(name)
    const done = changed(before.view, after.view)
    const rules = [...done].some((name) => /(?:^|\/)\.gitignore$/.test(name))
    let left = 0
    for (const name of names) {
      const way = acts.filter((act) => changesOf(act).has(name) && this.#isKnown(name, act))
      const about = { name, way, acts, before, after, told, rules }
      const say = (text: string | undefined) => {
        if (text !== undefined) wrongs.push(`${JSON.stringify(name)} ${text}`)
      }
      if (done.has(name)) say(this.#wrongIfDone(about))
      else if (way.length > 0 && !isAsWished(name, before, way, acts)) {
        if (name.endsWith('/') || this.#isHiddenAnywhere(about)) continue
        // A turn that Belay could keep nothing of is named as a whole.
        if (way.some((act) => !act.sure && told.unkept.has(act.turn))) continue
        left++
        say(this.#wrongIfLeft(about))
      }
    }
    if (told.message === undefined && !told.disturbed && left > told.stayed)
      wrongs.push(`${left} files stayed and only ${told.stayed} were told`)
    return wrongs
  }

  #wrongIfDone({ name, way, acts, before, after, told, rules }: About): string | undefined {
    const [first] = way
    const now = after.view.get(name)
    // A folder that holds nothing any more, or something again, is what became of its files.
    if (name.endsWith('/') && isFolderOf(name, before, after)) return undefined
    const isCut = told.message !== undefined && name.endsWith('/')
    if (isCut && isFolderOf(name, after, before)) return undefined
    // Of an act whose end was not seen, a person may choose to take back whatever was found since.
    const wished = acts.some((act) => !act.sure && act.start.view.get(name) === now)
    if (wished && isTaken(name, told)) return undefined
    if (first === undefined)
      return `was touched, which no act taken back had changed: ${said(before.view.get(name))} → ${said(now)}`
    const starts = way.map((act) => act.start.view.get(name))
    const allowed = way.every(({ sure }) => sure) ? starts.slice(0, 1) : starts
    if (!allowed.includes(now) && !isSameFolder(now, allowed))
      return `became ${said(now)}, and was ${allowed.map(said).join(' or ')} before`
    if (isTaken(name, told)) return undefined
    // Of an act whose end was not seen, what is now as it was before it shows no trace of whoever had it between.
    const traced = way.filter(
      (act) => act.sure || act.start.view.get(name) !== before.view.get(name),
    )
    const from = traced.findLastIndex((act) => act.start.view.get(name) === now)
    const gap = gapIn(traced.slice(Math.max(0, from)), name, before)
    // Of a restore that was cut it is not known which empty folders it left.
    const isUnsureFolder = name.endsWith('/') && way.some((act) => !act.sure)
    if (gap !== undefined && !isUnsureFolder)
      return `was put back over ${gap}: ${said(before.view.get(name))} → ${said(now)}`
    // Attribution is by name: what another's turn had as it was at both of its ends, or ignored at one, nobody can see as changed by it.
    const both = way.some(
      (act) =>
        act.foreign.has(name) &&
        [...act.beside].some((other) => isBlurred(other, name) && this.#isKnown(name, other)),
    )
    if (both) return 'was put back, and another session had changed it in the same turn'
    // What a restore did is taken back whatever is ignored.
    const isOfTurns = acts.some(({ kind }) => kind === 'turn')
    if (isOfTurns && this.#isHidden(name, before) && !rules)
      return 'was touched, and is ignored now'
    return undefined
  }

  #wrongIfLeft(about: About): string | undefined {
    const { name, way, acts, before, after, told } = about
    if (told.message !== undefined || told.disturbed) return undefined
    if (told.stay.has(name) && told.taken !== 'all') {
      if (
        told.taken?.has(name) === true &&
        told.stay.get(name) === true &&
        !isInTheWay(name, after)
      )
        return 'was chosen and stayed'
    }
    // What was found after an act whose end was not seen may be its doing, whoever did it: it stays, and is named.
    if (told.stay.has(name) && acts.some((act) => !act.sure)) return undefined
    const isSure = way.every(
      (act) => act.sure && ![...act.beside].some((other) => other.untold || isBlurred(other, name)),
    )
    if (!isSure || gapIn(way, name, before) !== undefined) {
      return told.stay.has(name) || told.back.has(name)
        ? undefined
        : 'stayed, and the plan does not name it'
    }
    if (isInTheWay(name, after)) return undefined
    return `stayed ${said(before.view.get(name))}, and only the acts taken back had changed it; it was ${said(way[0]?.start.view.get(name))}`
  }

  /** Ignored at any moment that counts: nothing is promised of it but that it stays. */
  #isHiddenAnywhere({ name, way, before }: About): boolean {
    const moments = [before, ...way.flatMap(({ start, end }) => [start, ...(end ? [end] : [])])]
    return moments.some((seen) => this.#isHidden(name, seen))
  }

  /** Whether an act's change of this name is one that Belay may know of: what Git ignores is none. */
  #isKnown(name: Name, { kind, start, end }: Act): boolean {
    // A restore knows what it did, also where the rules went back with the files.
    if (kind === 'restore') return true
    if (end === undefined || this.#isHidden(name, start)) return false
    return start.view.has(name) || !this.#isHidden(name, end)
  }

  #isHidden(name: Name, { moment }: Seen): boolean {
    return isIgnored(this.workspace + name, moment, this.workspace)
  }

  /** Two repositories have a say in it, and one of them tracks its neighbours: it may be told or not. */
  isContested(name: Name, { moment }: Seen): boolean {
    return repositoriesOf(this.workspace + name, moment.all).length > 1
  }

  /** What must not be told of a turn: words of files that were ignored before it or after it. */
  secrets(
    before: Seen,
    after: Seen,
  ): { readonly names: ReadonlySet<Name>; readonly words: ReadonlySet<string> } {
    const names = new Set<Name>()
    const words = new Set<string>()
    const open = new Set<string>()
    for (const seen of [before, after])
      for (const [name, state] of seen.view) {
        const hidden = [before, after].some((one) => this.#isHidden(name, one))
        if (hidden) names.add(name)
        for (const [word] of state.matchAll(/tok\d+\./g)) (hidden ? words : open).add(word)
      }
    for (const word of open) words.delete(word)
    return { names, words }
  }
}

interface About {
  readonly name: Name
  readonly way: readonly Act[]
  readonly acts: readonly Act[]
  readonly before: Seen
  readonly after: Seen
  readonly told: Told
  readonly rules: boolean
}

const changesKnown = new WeakMap<Act, ReadonlySet<Name>>()

export function changesOf(act: Act): ReadonlySet<Name> {
  if (act.end === undefined) return new Set()
  const known = changesKnown.get(act) ?? changed(act.start.view, act.end.view)
  changesKnown.set(act, known)
  return known
}

/** It is as it was before the acts; of one whose end was not seen, everything until the next may be its doing. */
function isAsWished(name: Name, now: Seen, way: readonly Act[], acts: readonly Act[]): boolean {
  const state = now.view.get(name)
  if (state === way[0]?.start.view.get(name)) return true
  return acts.some(({ sure }) => !sure) && acts.some(({ start }) => start.view.get(name) === state)
}

/** Where something other than these acts changed it, between them or after. */
function gapIn(way: readonly Act[], name: Name, now: Seen): string | undefined {
  for (const [index, act] of way.entries()) {
    const end = act.end?.view.get(name)
    const next = way[index + 1]?.start ?? now
    if (end !== next.view.get(name))
      return `${said(next.view.get(name))}, which the acts had left as ${said(end)}`
  }
  return undefined
}

/** Another session's act may have changed it too, as far as can be known. */
function isBlurred(other: Act, name: Name): boolean {
  return !other.sure || other.end === undefined || changesOf(other).has(name)
}

function isTaken(name: Name, { taken, stay }: Told): boolean {
  if (taken === undefined || stay.get(name) === false) return false
  return taken === 'all' ? stay.has(name) || name.endsWith('/') : taken.has(name)
}

/** What lies where it should go, or in a place on the way to it, is something else. */
function isInTheWay(name: Name, { moment, view }: Seen): boolean {
  const parts = name.split('/').slice(0, -1)
  if (parts.some((_, index) => view.has(parts.slice(0, index + 1).join('/')))) return true
  return [...moment.all.keys()].some((at) => at.includes(`/${name}/`) && !at.endsWith(`/${name}/`))
}

function isFolderOf(name: Name, before: Seen, after: Seen): boolean {
  const was = before.view.has(name)
  // It held nothing and does now; or all it held is gone, and whoever made it made it for that.
  return was
    ? [...after.moment.all.keys()].some((at) => at.includes(name) && !at.endsWith(name))
    : false
}

function isSameFolder(now: State | undefined, allowed: readonly (State | undefined)[]): boolean {
  return now?.startsWith('d') === true && allowed.some((state) => state?.startsWith('d') === true)
}

function said(state: State | undefined): string {
  return state === undefined ? 'nothing' : JSON.stringify(state.slice(0, 40))
}
