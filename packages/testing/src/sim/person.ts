/**
 * One person and their session: looks at what the stream shows and asks for something now and then, sensible or not.
 */
import {
  type Draft,
  draftAccepted,
  draftRefused,
  emptyDraft,
  sendDraft,
  typeDraft,
} from '@belay/client'
import type { Caller } from './caller.ts'
import { drawScript, type Plan } from './plan.ts'
import type { Process } from './process.ts'
import type { SimViewer } from './viewer.ts'

export interface PersonOptions {
  readonly session: string
  readonly process: Process
  readonly caller: Caller
  readonly plan: Plan
  /** Where the person looks; there once the session was created. */
  readonly viewer: () => SimViewer | undefined
  readonly onCreated: () => void
}

const promptsMax = 12
const calmMsMax = 3000

export class Person {
  readonly session: string
  /** The session was created with a callback. */
  readonly wantsToBeTold: boolean
  /** The session was created to go on after a turn that failed. */
  readonly goesOn: boolean
  /** What each prompt was sent with. */
  readonly #texts = new Map<string, string>()
  readonly #options: PersonOptions
  /** What a person does, each as often as it stands here. */
  readonly #habits: readonly (() => void)[]
  #calm = false
  /** In the box below the session. */
  #draft: Draft = emptyDraft

  constructor(options: PersonOptions) {
    this.#options = options
    this.session = options.session
    this.wantsToBeTold = options.process.stage.random.chance(0.5)
    this.goesOn = options.process.stage.random.chance(0.2)
    const prompt = () => this.#prompt()
    const answer = () => this.#answer()
    this.#habits = [
      prompt,
      prompt,
      prompt,
      () => this.#promptAgain(),
      () => this.#changeWaiting(),
      () => this.#interrupt(),
      () => this.#interrupt(),
      answer,
      answer,
      answer,
      () => this.#decide(),
      () => this.#goOn(),
      () => this.#ask({ type: 'retry' }),
      () => this.#restore(),
      () => this.#delete(),
    ]
  }

  begin(): void {
    const { session } = this
    const prompt = this.#random.chance(0.7) ? this.#newPrompt() : undefined
    const callback = this.wantsToBeTold
      ? { url: 'https://example.com', sealed: 'secret' }
      : undefined
    this.#options.caller.call(
      session,
      {
        type: 'create',
        title: session,
        agent: { name: 'scripted' },
        workspace: { type: 'folder', path: '/folder' },
        digest: session,
        prompt,
        callback,
        ...(this.#random.chance(0.3) ? { finish: { commit: true } } : {}),
        ...(this.goesOn ? { goOn: true } : {}),
      },
      () => {
        this.#options.onCreated()
        this.#live()
      },
    )
  }

  /** From now on only what brings the session to rest. */
  calmDown(): void {
    this.#calm = true
  }

  get #random() {
    return this.#options.process.stage.random
  }

  get #viewer(): SimViewer | undefined {
    const viewer = this.#options.viewer()
    return viewer?.over === true ? undefined : viewer
  }

  #live(): void {
    const msMax = this.#calm ? calmMsMax : this.#options.plan.personMsMax
    this.#options.process.after(this.#random.integer(100, msMax), () => {
      if (this.#calm) this.#tidyUp()
      else this.#random.pick(this.#habits)()
      this.#live()
    })
  }

  #ask(asked: Parameters<Caller['call']>[1]): void {
    this.#options.caller.call(this.session, asked)
  }

  /** Answers what is asked, and tries again what failed: with nothing in the way all of it must come to an end. */
  #tidyUp(): void {
    const view = this.#viewer?.view
    if (view?.status === 'attention' && view.queue.length > 0) this.#ask({ type: 'retry' })
    if (view?.held !== undefined) this.#random.pick([() => this.#decide(), () => this.#goOn()])()
    this.#answer()
  }

  /** Types a prompt and sends it; now and then goes on typing before the answer is there. */
  #prompt(): void {
    const isUnderWay = this.#draft.sent?.state === 'under-way'
    if (this.#texts.size >= promptsMax || isUnderWay) return
    const { promptId, text, digest } = this.#newPrompt()
    this.#draft = sendDraft(typeDraft(this.#draft, text), promptId)
    const typedOn = this.#random.chance(0.3) ? `${text} and` : undefined
    if (typedOn !== undefined) this.#draft = typeDraft(this.#draft, typedOn)
    const steer = this.#random.chance(0.15) ? ({ steer: true } as const) : {}
    const asked = {
      type: 'prompt-submitted',
      prompt: { promptId, text, digest },
      ...steer,
    } as const
    this.#options.caller.call(this.session, asked, (reply) => {
      const accepted = reply.type === 'prompt'
      this.#draft = accepted
        ? draftAccepted(this.#draft, promptId)
        : draftRefused(this.#draft, promptId, reply.type)
      this.#holdDraft(typedOn ?? (accepted ? '' : text))
    })
  }

  /** What a person typed is theirs: it goes when it was accepted, and only that. */
  #holdDraft(wanted: string): void {
    const { text } = this.#draft
    if (text === wanted) return
    const { stage } = this.#options.process
    stage.violate('draft', `${this.session}: the draft is "${text}", expected "${wanted}"`)
  }

  #newPrompt() {
    const promptId = this.#newId()
    const text = drawScript(this.#random, this.#options.plan.faults)
    this.#texts.set(promptId, text)
    return { promptId, text, digest: text }
  }

  #newId(): string {
    return `${this.session}p${this.#texts.size + 1}`
  }

  #somePrompt(): readonly [string, string] | undefined {
    const sent = [...this.#texts]
    return sent.length === 0 ? undefined : this.#random.pick(sent)
  }

  #promptAgain(): void {
    const [promptId, text] = this.#somePrompt() ?? []
    if (promptId === undefined || text === undefined) return
    const digest = this.#random.chance(0.8) ? text : `${text} otherwise`
    this.#ask({ type: 'prompt-submitted', prompt: { promptId, text, digest } })
  }

  #changeWaiting(): void {
    const [promptId] = this.#somePrompt() ?? []
    if (promptId === undefined) return
    const text = `${drawScript(this.#random, this.#options.plan.faults)} edited`
    const position = this.#random.integer(1, 4)
    this.#ask(
      this.#random.pick([
        { type: 'prompt-cancelled', promptId } as const,
        { type: 'prompt-edited', promptId, text } as const,
        { type: 'prompt-edited', promptId, text: undefined, position } as const,
      ]),
    )
  }

  /** The turn that is shown, or another: one that ended long ago or has not begun. */
  #interrupt(): void {
    const shown = this.#viewer?.view?.turn?.turn
    const turn = this.#random.chance(0.6) ? shown : this.#random.integer(1, 8)
    this.#ask({ type: 'interrupt', turn })
  }

  #decide(): void {
    const [about] = this.#random.shuffle(this.#viewer?.view?.undecided?.turns ?? [])
    const [drawn] = this.#random.shuffle(about?.actions ?? [])
    if (about === undefined || drawn === undefined) return
    const action = this.#texts.size < promptsMax ? drawn : 'discard'
    const promptId = this.#newId()
    this.#texts.set(promptId, 'decided')
    this.#ask({ type: 'turn-resolved', turn: about.turn, action, promptId })
  }

  /** Lets wait nothing for the turns that are shown, or for one that is not what waits. */
  #goOn(): void {
    const holding = this.#viewer?.view?.undecided?.turns.findLast(({ holds }) => holds === true)
    const turn = holding?.turn ?? this.#random.integer(1, 8)
    this.#ask({ type: 'resume-queue', turn })
  }

  #restore(): void {
    const shown = this.#viewer?.view?.lastTurn?.turn
    const turn =
      shown !== undefined && this.#random.chance(0.8) ? shown : this.#random.integer(1, 5)
    const to = this.#random.pick(['before', 'after', 'undo'] as const)
    this.#ask({ type: this.#random.chance(0.5) ? 'restore' : 'plan-restore', turn, to })
  }

  #delete(): void {
    if (this.#options.plan.deletes && this.#random.chance(0.15)) this.#ask({ type: 'delete' })
  }

  #answer(): void {
    for (const { permissionId } of this.#viewer?.view?.permissions ?? []) {
      const optionId = this.#random.pick(['yes', 'no'])
      this.#ask({ type: 'permission-answered', permissionId, optionId, by: this.session })
    }
  }
}
