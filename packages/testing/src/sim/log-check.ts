/**
 * The log of one session, held against its own story and against the truth, event by event as it is committed.
 */
import type { Deadlines, EventOf, SessionEvent } from '@belay/protocol'
import type { Check, Stage } from './stage.ts'
import type { Truth } from './truth.ts'

/** What a log cannot know of the world around it. */
export interface RunnerFacts {
  readonly alive: boolean
  /** It ended by itself, as one does that is told to. */
  readonly left: boolean
  /** The last words of one that a fault of its own ended. */
  readonly fault: string | undefined
  /** How long it has been dead, milliseconds. */
  readonly deadMs: number
  /** How long its channel has been open and free, milliseconds. */
  readonly linkedMs: number
  /** How long there has been a server to come back to, milliseconds. */
  readonly serverMs: number
}

export interface LogCheckOptions {
  readonly stage: Stage
  readonly truth: Truth
  readonly session: string
  readonly spans: Pick<Deadlines, 'graceMs' | 'turnQuietMs' | 'toolMs'>
  /** Nothing is held in it. */
  readonly goesOn: boolean
  readonly runner: (generation: number) => RunnerFacts
}

interface Active {
  readonly turn: number
  readonly promptId: string
  readonly generation: number
  text: string
}

/** Whether the event belongs to the turn it names, which then runs. */
function isInTurn(event: SessionEvent): event is SessionEvent & { readonly turn: number } {
  if (event.type === 'turn-started' || event.type === 'turn-resolved') return false
  if (event.type === 'restored' || event.type === 'restore-failed') return false
  // Told after its end, and told by its number.
  if (event.type === 'turn-changes') return false
  return event.type !== 'callback-failed' && 'turn' in event && event.turn !== undefined
}

/** What shows that a turn lives. Others may come while its agent is silent. */
const signs: ReadonlySet<string> = new Set([
  'turn-started',
  'turn-taken',
  'text',
  'thought',
  'tool',
  'plan',
  'permission-asked',
  'permission-settled',
])

/** A probe of a dead process takes this long to become an event, and a check forgives it. */
const forgivenMs = 2000

export class LogCheck {
  readonly texts: string[] = []
  /** How many of its events were there when the session was last held against it. */
  looked = 0
  /** Where each accepted prompt stands. */
  readonly prompts = new Map<string, 'queued' | 'started' | 'ended' | 'cancelled'>()
  /** Prompts of which the log says that no agent ever saw them. */
  readonly unseen = new Set<string>()
  turns = 0
  /** Turns that were with an agent, and how it was told what they changed. */
  readonly taken = new Set<number>()
  readonly changes = new Map<number, 'changed' | 'unknown'>()
  /** Turns that failed or are in doubt, and nobody has decided about. */
  readonly undecided = new Set<number>()
  /** Of each prompt that waited when turns failed: those that hold it. */
  readonly #heldBy = new Map<string, Set<number>>()
  /** Turns whose callback was given up. */
  readonly untold = new Set<number>()
  readonly outcomes = new Map<string, number>()
  readonly #options: LogCheckOptions
  #active: Active | undefined
  #generation = 0
  /** When the turn last showed a sign of life. */
  #signAt = 0
  #agentReady = false
  #tookOne = false
  readonly #interrupted = new Set<number>()
  readonly #asked = new Set<string>()
  readonly #resolved = new Set<number>()
  readonly #texts = new Map<string, string>()

  constructor(options: LogCheckOptions) {
    this.#options = options
  }

  take(event: SessionEvent, text: string): void {
    this.#hold(
      'dense-log',
      event.seq === this.texts.length + 1,
      () => `${event.seq} follows ${this.texts.length}`,
    )
    this.texts.push(text)
    this.#options.stage.say(`log ${this.#options.session}`, () => text.slice(0, 150))
    if (isInTurn(event)) {
      const { turn } = event
      this.#hold(
        'story',
        this.#active?.turn === turn,
        () => `${event.type} of turn ${turn}, and ${this.#active?.turn} runs`,
      )
    }
    this.#tell(event)
    if (signs.has(event.type)) this.#signAt = this.#options.stage.now
  }

  #tell(event: SessionEvent): void {
    if ('promptId' in event) this.#tellPrompt(event)
    if (event.type === 'preparation-started') {
      this.#generation = event.generation
      this.#agentReady = false
      this.#tookOne = false
    }
    if (event.type === 'agent-ready') this.#agentReady = true
    if (event.type === 'session-ready') this.#ready()
    if (event.type === 'turn-taken') {
      this.#tookOne = true
      this.taken.add(event.turn)
    }
    if (event.type === 'turn-changes') this.#turnChanges(event)
    if (event.type === 'text') this.#words(event)
    if (event.type === 'interrupt-requested') this.#interrupted.add(event.turn)
    if (event.type === 'permission-asked') this.#asked.add(event.permissionId)
    if (event.type === 'permission-settled') {
      const { permissionId } = event
      const wasOpen = this.#asked.delete(permissionId)
      this.#hold('story', wasOpen, () => `${permissionId} is settled and was not open`)
    }
    if (event.type === 'runner-exited') {
      const { generation } = event
      const { left } = this.#options.runner(generation)
      this.#hold('true-end', !left, () => `runner ${generation} left and was not asked to`)
    }
    if (event.type === 'queue-resumed') {
      this.#hold(
        'undecided',
        event.turns.length > 0,
        () => 'the queue goes on, and nothing held it',
      )
      for (const turn of event.turns) this.#free(turn)
    }
    if (event.type === 'callback-failed') this.untold.add(event.turn)
    if (event.type === 'restored') {
      const { turn } = this.#active ?? {}
      this.#hold('story', turn === undefined, () => `files were put back under turn ${turn}`)
    }
  }

  #tellPrompt(event: Extract<SessionEvent, { readonly promptId: string }>): void {
    const { promptId } = event
    if (event.type === 'prompt-accepted') {
      this.#hold('story', !this.prompts.has(promptId), () => `${promptId} is accepted twice`)
      this.prompts.set(promptId, 'queued')
      this.#texts.set(promptId, event.text)
    }
    if (event.type === 'prompt-moved') this.#expectQueued(promptId)
    if (event.type === 'prompt-edited') {
      this.#expectQueued(promptId)
      this.#texts.set(promptId, event.text)
    }
    if (event.type === 'prompt-cancelled') {
      this.#expectQueued(promptId)
      this.prompts.set(promptId, 'cancelled')
    }
    if (event.type === 'turn-started') this.#turnStarted(event)
    if (event.type === 'turn-ended') this.#turnEnded(event)
    if (event.type === 'turn-resolved') {
      const { turn } = event
      this.#hold('story', !this.#resolved.has(turn), () => `turn ${turn} is decided about twice`)
      this.#resolved.add(turn)
      this.undecided.delete(turn)
      this.#free(turn)
    }
  }

  #turnStarted({ turn, promptId, generation }: EventOf<'turn-started'>): void {
    this.#hold(
      'story',
      this.#active === undefined,
      () => `turn ${turn} begins beside ${this.#active?.turn}`,
    )
    this.#hold('story', turn === this.turns + 1, () => `turn ${turn} follows ${this.turns}`)
    this.#hold(
      'story',
      generation === this.#generation,
      () => `turn ${turn} is of generation ${generation}`,
    )
    this.#expectQueued(promptId)
    const held = [...(this.#heldBy.get(promptId) ?? [])]
    this.#hold(
      'undecided',
      held.length === 0,
      () => `${promptId} begins, and nobody has decided about turn ${held.join(', ')}`,
    )
    this.prompts.set(promptId, 'started')
    this.turns = turn
    this.#active = { turn, promptId, generation, text: '' }
  }

  #words({ text }: EventOf<'text'>): void {
    const active = this.#active
    if (active === undefined) return
    active.text += text
    const said = this.#options.truth.of(active.promptId)?.said ?? ''
    this.#hold(
      'true-words',
      said.startsWith(active.text),
      () => `"${active.text}" is in the log, "${said}" was said`,
    )
  }

  #turnChanges({ turn, problem }: EventOf<'turn-changes'>): void {
    const { truth, session } = this.#options
    this.#hold('changes', !this.changes.has(turn), () => `what turn ${turn} changed is told twice`)
    this.#hold('changes', turn <= this.turns, () => `turn ${turn} changed something and never was`)
    const looked = truth.changesOf(session, turn)
    const isTrue = problem !== undefined || looked === 'changed'
    this.#hold('changes', isTrue, () => `turn ${turn} is said to have changed what nobody saw`)
    this.changes.set(turn, problem === undefined ? 'changed' : 'unknown')
  }

  #ready(): void {
    this.#hold('ready', this.#agentReady, () => 'ready is said and the agent is not')
    const waits = [...this.prompts.values()].filter((state) => state === 'queued').length
    const taken = this.#tookOne || (waits === 0 && this.#active === undefined)
    this.#hold(
      'ready',
      taken || this.#active?.text !== '',
      () => 'ready is said before the prompt was taken',
    )
  }

  #turnEnded(event: EventOf<'turn-ended'>): void {
    const active = this.#active
    this.#active = undefined
    if (active === undefined) return
    const { promptId, outcome, code } = event
    this.prompts.set(promptId, 'ended')
    this.outcomes.set(code, (this.outcomes.get(code) ?? 0) + 1)
    if (event.retryable) this.#failed(active.turn)
    this.#hold(
      'story',
      promptId === active.promptId,
      () => `turn ${active.turn} ends another prompt`,
    )
    this.#hold('story', this.#asked.size === 0, () => 'a permission outlives its turn')
    const asked = outcome !== 'interrupted' || this.#interrupted.has(active.turn)
    this.#hold('true-end', asked, () => `turn ${active.turn} ended ${code} and nobody asked for it`)
    this.#holdReached(event)
    this.#holdReason(event, active)
  }

  /** Whatever waits now waits for a person. */
  #failed(turn: number): void {
    this.undecided.add(turn)
    if (this.#options.goesOn) return
    for (const [promptId, state] of this.prompts) {
      if (state !== 'queued') continue
      this.#heldBy.set(promptId, (this.#heldBy.get(promptId) ?? new Set<number>()).add(turn))
    }
  }

  #free(turn: number): void {
    for (const turns of this.#heldBy.values()) turns.delete(turn)
  }

  #holdReached({ reached, promptId, code }: EventOf<'turn-ended'>): void {
    const deeds = this.#options.truth.of(promptId)
    if (reached === 'no') {
      this.unseen.add(promptId)
      this.#hold(
        'true-end',
        deeds === undefined,
        () => `${promptId} (${code}) is said not to have reached ${deeds?.by.process.name}`,
      )
    }
    if (reached === 'yes')
      this.#hold(
        'true-end',
        deeds !== undefined,
        () => `${promptId} (${code}) is said to have reached an agent`,
      )
    const text = this.#texts.get(promptId)
    this.#hold(
      'true-words',
      deeds === undefined || deeds.text === text,
      () => `${promptId} says "${text}", and "${deeds?.text}" was heard`,
    )
  }

  /** Time is what passed, whatever the wall clock says. */
  #holdWaited(what: string): void {
    const { spans, stage } = this.#options
    const waits: Readonly<Record<string, number>> = {
      'no-progress': spans.turnQuietMs,
      'tool-silent': spans.toolMs,
    }
    const waited = stage.now - this.#signAt
    const bound = waits[what]
    if (bound === undefined) return
    // A step of less than two seconds is no step.
    this.#hold('true-end', waited >= bound - forgivenMs, () => `${what} after ${waited} ms`)
  }

  #holdReason({ code, promptId, detail }: EventOf<'turn-ended'>, active: Active): void {
    const deeds = this.#options.truth.of(promptId)
    const facts = this.#options.runner(active.generation)
    const hold = (check: Check, kept: boolean, sentence: () => string) =>
      this.#hold(
        check,
        kept,
        () => `turn ${active.turn} (${promptId}) ended ${code}: ${sentence()}`,
      )
    if (code === 'end-turn') {
      hold('true-end', deeds?.stopReason === 'end_turn', () => 'the agent did not')
      const whole = deeds?.said === active.text
      hold('true-words', whole, () => `"${deeds?.said}" was said, "${active.text}" is in the log`)
    }
    if (code === 'runner-exited') hold('true-end', !facts.alive, () => 'the runner lives')
    if (facts.fault !== undefined && (code === 'runner-exited' || code === 'in-doubt')) {
      const { fault } = facts
      hold('true-end', detail?.includes(fault) === true, () => `it met a fault: ${fault}`)
    }
    this.#holdWaited(code)
    if (code === 'agent-exited')
      hold('true-end', deeds?.by.process.alive !== true, () => 'the agent lives')
    if (code === 'runner-lost') {
      const { deadMs, linkedMs, serverMs } = facts
      hold('true-end', deadMs < forgivenMs, () => `it had been dead for ${deadMs} ms`)
      hold('true-end', linkedMs < forgivenMs, () => `it had been linked for ${linkedMs} ms`)
      const awaited = serverMs >= this.#options.spans.graceMs
      hold('true-end', awaited, () => `there had been a server for ${serverMs} ms only`)
    }
  }

  #expectQueued(promptId: string): void {
    const state = this.prompts.get(promptId)
    this.#hold('story', state === 'queued', () => `${promptId} is ${state}, expected it to wait`)
  }

  #hold(check: Check, kept: boolean, sentence: () => string): void {
    if (!kept) this.#options.stage.violate(check, `${this.#options.session}: ${sentence()}`)
  }
}
