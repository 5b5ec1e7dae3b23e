/**
 * What a runner does with files: prepares the workspace, keeps checkpoints of it, restores it and commits it.
 *
 * Owns: the one workspace of this runner, and the token that opens its repository. `driver.ts` asks; every outcome goes
 * back as an input.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwned, type ReportOf, type Workspace } from '@belay/protocol'
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
  /** What checkpoints are of: of a worktree all of it, wherever in it the agent works. */
  #top = ''
  /** Of the repository, where the workspace is a clone. */
  #url: string | undefined
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
    // A clone or a worktree: it may be lost, and is made again with what the checkpoints hold.
    const isOurs = isOwned(workspace)
    this.#credential = credentialOf(workspace, token)
    this.#url = workspace.type === 'repository' ? workspace.url : undefined
    this.#top = isOurs || workspace.type !== 'folder' ? workspaceFolder : workspace.path
    const checkpoints = new Checkpoints({
      path: join(runnerFolder, 'checkpoints.git'),
      workspace: this.#top,
      ...(isOurs ? { commits: workspace.type === 'folder' ? 'elsewhere' : 'here' } : {}),
      origin: originOf(workspace),
      dataFolder,
      env,
      bounds,
      ...(isOurs ? {} : { sharing: { session: config.session, runnerFolder } }),
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

  /** A prompt may come: its checkpoint is begun with. */
  lookAhead(promptId: string): void {
    this.#checkpoints?.lookAhead(promptId)
  }

  async save(moment: Save): Promise<void> {
    const saved = (await this.#checkpoints?.save(moment)) ?? {}
    this.#options.feed({ type: 'saved', turn: moment.turn, saved })
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
    const scratch = join(config.runnerFolder, 'commit')
    // Of a runner that was killed. What cannot be removed is in nobody's way.
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
    const result =
      this.#place === undefined
        ? { warning: 'Nothing was committed: the workspace is not there.' }
        : await this.#checkpoints?.commit(turn, (changed, signal) =>
            commitTurn({
              folder: this.#top,
              finish,
              text,
              env,
              changed,
              credential: this.#credential,
              url: this.#url,
              scratch,
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

/** What a workspace was made from: a worktree's checkpoints are not those of its folder. */
function originOf(workspace: Workspace): string {
  if (workspace.type === 'repository') return workspace.url
  return workspace.worktree === undefined ? workspace.path : `worktree of ${workspace.path}`
}
