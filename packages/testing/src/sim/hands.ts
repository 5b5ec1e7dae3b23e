/**
 * What a runner does with files, as `packages/runner/src/node/hands.ts` does it: it takes its time, and now and then
 * nothing comes of it.
 */
import type { ReportOf } from '@belay/protocol'
import type { Effect, Input } from '@belay/runner'
import type { Process } from './process.ts'

export interface SimHandsOptions {
  readonly process: Process
  readonly feed: (input: Input) => void
  /** What becomes of a workspace that is prepared. */
  readonly prepares: () => 'works' | 'fails' | 'hangs'
  /** Whether a checkpoint, a commit or a restore fails. */
  readonly fails: () => boolean
}

type Save = Extract<Effect, { type: 'save' }>
type Commit = Extract<Effect, { type: 'commit' }>
type Restore = Extract<Effect, { type: 'restore' | 'plan' }>

export class SimHands {
  readonly #options: SimHandsOptions
  /** What is under way now; its outcome comes sooner when it is given up. */
  #goOn: (() => void) | undefined

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

  async save({ turn, at }: Save): Promise<void> {
    await this.#work(400)
    if (this.#options.fails()) {
      const saved = { warning: 'The disk is slow.' }
      return this.#options.feed({ type: 'saved', turn, saved })
    }
    const changes = { files: [{ path: `turn-${turn}`, status: 'added' as const }], patch: '' }
    this.#options.feed({ type: 'saved', turn, saved: at === 'after' ? { changes } : {} })
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

  /** @returns after a while, or when it is given up */
  #work(msMax: number): Promise<void> {
    const { process } = this.#options
    return new Promise((resolve) => {
      this.#goOn = resolve
      process.after(process.stage.random.integer(0, msMax), resolve)
    })
  }

  #step(status: ReportOf<'step'>['status']): void {
    const report = { type: 'step', step: 'workspace', status } as const
    this.#options.feed({ type: 'step-changed', report })
  }
}
