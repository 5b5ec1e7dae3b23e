/** A driver without a server: its reports go no further than its spool, its commands come from a test. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { Driver } from '../driver.ts'
import { Reserve } from '../reserve.ts'
import type { Spool } from '../spool.ts'

/** @param folder the runner's; its workspace is made in it */
export function loneDriver(
  folder: string,
  spool: Spool,
  reserve = new Reserve(folder),
): { driver: Driver; workspace: string; faults: unknown[] } {
  const faults: unknown[] = []
  const workspace = join(folder, 'workspace')
  mkdirSync(workspace)
  const driver = new Driver({
    config: {
      session: 's',
      generation: 1,
      token: 'token',
      dataFolder: folder,
      runnerFolder: folder,
      workspaceFolder: workspace,
      version: '0.0.0',
      demoCommand: [],
      bounds: deadlines,
      diskFreeBytesMin: 0,
    },
    spool,
    reserve,
    marker: 'lone-driver',
    env: process.env,
    onSpooled: () => undefined,
    onFinished: () => undefined,
    onFault: (error) => faults.push(error),
    log: () => undefined,
  })
  return { driver, workspace, faults }
}

/** Has it prepare that workspace for an agent. */
export function prepare(
  driver: Driver,
  workspace: string,
  { command, args }: { readonly command: string; readonly args: readonly string[] },
): void {
  driver.feed({
    type: 'command',
    command: {
      type: 'prepare',
      workspace: { type: 'folder', path: workspace },
      agent: { command, args: [...args] },
      cancelMs: 1000,
    },
  })
}
