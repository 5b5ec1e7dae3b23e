/**
 * The contract between what decides (an actor) and what does (a host).
 *
 * Owns: the shape of a transition. Its neighbour, `host`, owns loading, committing, and letting effects out.
 *
 * Invariants:
 * - H-1 A transition is synchronous and total: every input is answered, an unexpected one by an explicit refusal.
 * - H-2 A transition reads no clock, no randomness and no storage: all of it comes in with the input and the context.
 * - H-3 Nothing a transition asks for is visible to anybody before the transition is committed.
 */

/**
 * A state is a flat record of parts. Each part is one value that is replaced, never mutated; a host stores a part
 * only when it is no longer the same object, so what rarely changes (settings, a queue) costs nothing on the hot path.
 */
export type Parts = Readonly<Record<string, unknown>>

/** One entry of the actor's log: its dense number and its bytes, already encoded, which are stored and sent as they are. */
export interface Entry {
  readonly seq: number
  /** A JSON object on one line. */
  readonly text: string
}

/** A cold fact kept under a key, looked up only by the inputs that name it (`Actor.lookups`). */
export interface Row {
  readonly key: string
  /** JSON. `undefined` removes the row. */
  readonly value: string | undefined
}

/**
 * An effect that must happen: it stays in the host's outbox, through restarts, until a transition settles its key.
 * It may be performed more than once, so performing it must be idempotent.
 */
export interface MustEffect<Effect> {
  /** Unique within the actor for this intent and generation, e.g. `start-runner:3`. */
  readonly key: string
  readonly effect: Effect
}

/** What a transition may know besides its state and input. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The actor's own id. */
  readonly id: string
  /** The rows named by `lookups(input)`, as they are after all transitions before this one. */
  readonly found: ReadonlyMap<string, string>
}

/** What a transition decided. All of it is committed together, or none of it. */
export interface Step<State, Effect, Reply> {
  readonly state: State
  readonly reply: Reply
  readonly append?: readonly Entry[]
  readonly rows?: readonly Row[]
  /** Performed once, after the commit; lost if the host dies in between. */
  readonly effects?: readonly Effect[]
  /** Kept in the outbox until settled. */
  readonly must?: readonly MustEffect<Effect>[]
  /** Keys of outbox effects whose outcome is in. */
  readonly settle?: readonly string[]
  /** Remove the actor's log and rows in the same commit. Its parts stay, as a tombstone. */
  readonly wipe?: boolean
  /**
   * Remove the beginning of the log in the same commit: entries up to this number, which was stored before. What was
   * appended in one tick is kept or removed together, so some entries before it may stay.
   */
  readonly trim?: number
}

/** Logic that a host can run. */
export interface Actor<State extends Parts, Input, Effect, Reply> {
  /** The state of an actor nobody has written to yet. */
  initial(id: string): State
  /**
   * Decodes stored parts. Decoding is the actor's duty because only it knows older shapes.
   * @throws when the parts are not a state this version can read: the host then stops the actor loudly.
   */
  parse(id: string, parts: Readonly<Record<string, unknown>>): State
  /** Keys of the rows the transition of this input needs. */
  lookups(input: Input): readonly string[]
  transition(state: State, input: Input, context: Context): Step<State, Effect, Reply>
  /** The next stored deadline, in milliseconds since the epoch; the host submits `alarm` at or after it. */
  nextAlarm(state: State): number | undefined
  /** Whether an input is a fact that nobody tells twice: while the store takes nothing it waits, and is not refused. */
  readonly isFact?: (input: Input) => boolean
  /** The input that says that the wall clock went further than time did, by so many milliseconds. */
  readonly jumped?: (by: number) => Input
  /** The input that says a deadline may have passed. */
  readonly alarm: Input
  /**
   * What a list of actors shows of this one, as JSON; `undefined` keeps it out of lists.
   * Called once per commit, so it must be cheap and must not hold what changes with every event.
   */
  summary(state: State): string | undefined
}
