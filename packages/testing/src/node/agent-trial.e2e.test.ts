import { expect, test } from 'vitest'
import { installedAgent } from './agent-packages.ts'
import { tryAgent } from './agent-trial.ts'
import { startFakeModel } from './fake-model.ts'
import { realAgent } from './real-agents.ts'
import { temporaryFolder } from './temporary-folder.ts'

// The fastest, and the one with a second process of its own and every optional capability. All others: `npm run test:agents`.
test.each([
  ['codex-zed', 'told 2 times'],
  ['claude', 'told once'],
] as const)(
  '[T-18] [A-60] [A-61] %s: a turn with text, tool and permission, a cancel, a kill in mid-turn, the conversation still known, and words said again %s',
  { timeout: 400_000 },
  async (name, again) => {
    // Not there and not to be had is a failure that says so: nothing is passed over.
    installedAgent(name)
    const model = await startFakeModel()
    try {
      const agent = realAgent(name, { modelUrl: model.url, home: temporaryFolder('home') })
      const trial = await tryAgent(agent, { folder: temporaryFolder('work') })
      expect(trial.problems).toEqual([])
      expect(trial.again).toBe(again)
      expect(trial.thoughts).toBe(true)
      expect(trial.offers).toMatch(/\d modes, \d+ models/)
    } finally {
      await model.stop()
    }
  },
)
