/**
 * An engine as a runner has it: with the lock of its folder, and a finish that commits.
 *
 * Owns: nothing of its own. `hosts.ts` runs it in a process that can be killed.
 */
import { join } from 'node:path'
import { lockFolder } from '@belay/actor/node'
import type { CheckpointOptions, Checkpoints } from '../../checkpoints.ts'
import { commitTurn } from '../../commit.ts'
import type { Engine, EngineOptions } from './session.ts'

/** In this process. @throws when the folder is taken */
export function openHere(
  options: EngineOptions,
  make: (options: CheckpointOptions) => Checkpoints,
): Engine {
  const { workspace, env, bounds, sharing } = options
  const { runnerFolder, session } = sharing
  const lock = lockFolder(runnerFolder, { pid: process.pid, since: 1, name: session })
  if (!('release' in lock)) throw new Error(`${runnerFolder} is taken`)
  const engine = make(options)
  return {
    pid: process.pid,
    ready: () => engine.ready(),
    save: (moment) => engine.save(moment),
    plan: (restore) => engine.plan(restore),
    restore: (restore) => engine.restore(restore),
    stop: () => engine.stop(),
    finish: (turn) =>
      engine.commit(turn, (changed, signal) =>
        commitTurn({
          folder: workspace,
          finish: { commit: true, folder: true },
          text: `Turn ${turn} of ${session}`,
          env,
          changed,
          credential: undefined,
          scratch: join(runnerFolder, 'commit'),
          signal,
          msMax: bounds.finishMs,
        }),
      ),
    async close() {
      engine.close()
      await engine.ready()
      lock.release()
    },
  }
}
