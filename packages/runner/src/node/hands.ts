/**
 * What a runner does with files: prepares the workspace, keeps checkpoints of it, restores it and commits it.
 *
 * Owns: the one workspace of this runner, and the token that opens its repository. `driver.ts` asks; every outcome goes
 * back as an input.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ReportOf } from '@belay/protocol'
import type { Effect } from '../effect.ts'
import type { Input } from '../input.ts'
import type { Place } from './agent-slot.ts'
import { Checkpoints } from './checkpoints.ts'
import { commitTurn } from './commit.ts'
import type { RunnerConfig } from './config.ts'
import type { Credential } from './git.ts'
import { credentialOf, prepareWorkspace } from './workspace.ts'

export interface HandsOptions {
  readonly config: RunnerConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly feed: (input: Input) => void
}

type Prepare = Extract<Effect, { type: 'prepare-workspace' }>
type Save = Extract<Effect, { type: 'save' }>
type Commit = Extract<Effect, { type: 'commit' }>
type RestoreEffect = Extract<Effect, { type: 'restore' | 'plan' }>

export class Hands {
  readonly #options: HandsOptions
  readonly #stopped = new AbortController()
  #checkpoints: Checkpoints | undefined
  #credential: Credential | undefined
  #place: Place | undefined

  constructor(options: HandsOptions) {
    this.#options = options
  }

  /** Where the agent works, once it is prepared. */
  get place(): Place | undefined {
    return this.#place
  }

  async prepare({ workspace, agent, setup, token }: Prepare): Promise<void> {
    const { config, env, feed } = this.#options
    const { runnerFolder, workspaceFolder, dataFolder, bounds } = config
    const isClone = workspace.type === 'repository'
    this.#credential = credentialOf(workspace, token)
    const checkpoints = new Checkpoints({
      path: join(runnerFolder, 'checkpoints.git'),
      workspace: isClone ? workspaceFolder : workspace.path,
      isClone,
      origin: isClone ? workspace.url : workspace.path,
      dataFolder,
      env,
      bounds,
      ...(isClone ? {} : { sharing: { session: config.session, runnerFolder } }),
    })
    this.#checkpoints = checkpoints
    const prepared = await prepareWorkspace({
      workspace,
      setup,
      token,
      bounds,
      env,
      cloneFolder: workspaceFolder,
      stampFile: join(runnerFolder, 'setup-complete'),
      diskFreeBytesMin: config.diskFreeBytesMin,
      signal: this.#stopped.signal,
      onStep: (report: ReportOf<'step'>) => feed({ type: 'step-changed', report }),
      recover: () => checkpoints.recover(),
    })
    if ('problem' in prepared) return feed({ type: 'workspace-failed', problem: prepared.problem })
    this.#place = { ...prepared, agent }
    // While the agent starts: the first turn finds it made.
    void checkpoints.ready()
    feed({ type: 'workspace-ready' })
  }

  async save({ turn, at, hurried }: Save): Promise<void> {
    const saved = (await this.#checkpoints?.save({ turn, at, hurried })) ?? {}
    this.#options.feed({ type: 'saved', turn, saved })
  }

  async restore({ restore }: RestoreEffect): Promise<void> {
    const result = (await this.#checkpoints?.restore(restore)) ?? { message: 'There is none.' }
    this.#options.feed({ type: 'restored', restore, result })
  }

  async plan({ restore }: RestoreEffect): Promise<void> {
    const result = (await this.#checkpoints?.plan(restore)) ?? { message: 'There is none.' }
    this.#options.feed({ type: 'planned', restore, result })
  }

  async commit({ turn, text, finish }: Commit): Promise<void> {
    const { env, feed, config } = this.#options
    const folder = this.#place?.folder
    if (folder === undefined || !existsSync(join(folder, '.git'))) {
      const result = { warning: 'Nothing was committed: the folder is no Git repository.' }
      return feed({ type: 'committed', turn, result })
    }
    const result = await this.#checkpoints?.alone((signal) =>
      commitTurn({
        folder,
        finish,
        text,
        env,
        credential: this.#credential,
        signal,
        msMax: config.bounds.finishMs,
      }),
    )
    feed({ type: 'committed', turn, result })
  }

  /** Gives up the checkpoint or commit under way. */
  stopSaving(): void {
    this.#checkpoints?.stop()
  }

  /** Ends everything that is under way, for good. */
  close(): void {
    this.#stopped.abort()
    this.#checkpoints?.close()
  }
}
