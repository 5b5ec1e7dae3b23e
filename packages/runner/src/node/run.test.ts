import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { exitCodes, runRunner } from './run.ts'

test('[R-42] a runner whose folder is gone ends, and the folder does not come back', async () => {
  const dataFolder = temporaryFolder('data')
  const runnerFolder = join(dataFolder, 'runners', 'deleted')
  const exit = await runRunner({
    session: 'deleted',
    generation: 1,
    token: 'token',
    dataFolder,
    runnerFolder,
    workspaceFolder: join(dataFolder, 'workspaces', 'deleted'),
    version: '0.0.0',
    demoCommand: [],
    bounds: deadlines,
    diskFreeBytesMin: 0,
  })
  expect(exit).toBe(exitCodes.folderGone)
  expect(existsSync(runnerFolder)).toBe(false)
})
