/**
 * What a runner does with files, as `packages/runner/src/node/hands.ts` does it: it takes its time, and now and then
 * nothing comes of it.
 */
import type { ReportOf } from '@belay/protocol'
import type { Effect, Input, Saved } from '@belay/runner'
import type { Process } from './process.ts'

export interface SimHandsOptions {
  readonly process: Process
  readonly feed: (input: Input) => void
  /** What becomes of a workspace that is prepared. */
  readonly prepares: () => 'works' | 'fails' | 'hangs'
  /** Whether a checkpoint, a commit or a restore fails. */
  readonly fails: () => boolean
  /** What a turn really changed was looked at, and this is known of it. */
  readonly onLooked: (turn: number, what: 'changed' | 'unchanged') => void
}

/** Of a checkpoint, and of one that fails: longer than a runner that closes waits for it. */
const saveMsMax = 400
const slowSaveMsMax = 5000

type Save = Extract<Effect, { type: 'save' }>
type Commit = Extract<Effect, { type: 'commit' }>
type Restore = Extract<Effect, { type: 'restore' | 'plan' }>

export class SimHands {
  readonly #options: SimHandsOptions
  /** What is under way now; its outcome comes sooner when it is given up. */
  #goOn: (() => void) | undefined
  #saving = 0

  constructor(options: SimHandsOptions) {
    this.#options = options
  }

  async prepare(): Promise<void> {
    const { process, feed, prepares } = this.#options
    const { stage } = process
    this.#step('started')
    await process.sleep(stage.random.integer(0, 3000))
    const how = prepares()
    if (how === 'hangs') return stage.fire('workspace-hangs')
    if (how === 'fails') {
      stage.fire('workspace-fails')
      const message = 'There is no such folder.'
      const problem = { step: 'workspace', code: 'workspace-failed', message } as const
      return feed({ type: 'workspace-failed', problem })
    }
    this.#step('done')
    feed({ type: 'workspace-ready' })
  }

  /** A checkpoint is being made. */
  get isSaving(): boolean {
    return this.#saving > 0
  }

  async save({ turn, at }: Save): Promise<void> {
    const { feed, fails } = this.#options
    const isSlow = fails()
    this.#saving += 1
    const isWhole = await this.#work(isSlow ? slowSaveMsMax : saveMsMax)
    this.#saving -= 1
    if (isSlow) return feed({ type: 'saved', turn, saved: { warning: 'The disk is slow.' } })
    feed({ type: 'saved', turn, saved: at === 'after' ? this.#look(turn, isWhole) : {} })
  }

  #look(turn: number, isWhole: boolean): Saved {
    if (!isWhole) return { problem: 'It was given up.' }
    const what = this.#options.process.stage.random.chance(0.3) ? 'unchanged' : 'changed'
    this.#options.onLooked(turn, what)
    const files = what === 'changed' ? [{ path: `turn-${turn}`, status: 'added' as const }] : []
    return { changes: { files, patch: '' } }
  }

  async commit({ turn }: Commit): Promise<void> {
    await this.#work(3000)
    const result = this.#options.fails() ? { warning: 'Nothing was pushed.' } : { commit: 'abc' }
    this.#options.feed({ type: 'committed', turn, result })
  }

  async restore({ restore }: Restore): Promise<void> {
    await this.#work(3000)
    const result = this.#options.fails() ? { message: 'There is none.' } : { files: 1 }
    this.#options.feed({ type: 'restored', restore, result })
  }

  async plan({ restore }: Restore): Promise<void> {
    await this.#work(3000)
    const path = `turn-${restore.turn}`
    const result = this.#options.fails()
      ? { message: 'There is none.' }
      : { back: [{ path, does: 'remove' as const }], stay: [] }
    this.#options.feed({ type: 'planned', restore, result })
  }

  stopSaving(): void {
    this.#goOn?.()
  }

  /** @returns after a while whether it was done, and not given up */
  #work(msMax: number): Promise<boolean> {
    const { process } = this.#options
    return new Promise((resolve) => {
      this.#goOn = () => resolve(false)
      process.after(process.stage.random.integer(0, msMax), () => resolve(true))
    })
  }

  #step(status: ReportOf<'step'>['status']): void {
    const report = { type: 'step', step: 'workspace', status } as const
    this.#options.feed({ type: 'step-changed', report })
  }
}
