import { limits } from '@belay/protocol'
import { runningTurn } from '@belay/testing'
import { expect, test } from 'vitest'
import { decodeReport } from './decode.ts'
import { viewOf } from './view.ts'

test('[P-52] an agent that asks in very many words is declined beyond the limit, and a state stays small', () => {
  const s = runningTurn()
  const option = (id: string) => ({
    optionId: `${id}${'i'.repeat(150)}`,
    name: 'n'.repeat(limits.choiceNameCharsMax),
    kind: 'k'.repeat(limits.choiceNameCharsMax),
  })
  const options = Array.from({ length: 50 }, (_, index) => option(String(index)))
  const title = 'x'.repeat(limits.permissionTitleCharsMax)
  for (let asked = 1; asked <= 20; asked += 1) {
    const report = {
      type: 'permission-asked',
      turn: 1,
      permissionId: `q${asked}`,
      title,
      options,
    } as const
    expect(decodeReport(JSON.stringify(report))).toEqual(report)
    s.report(report)
  }
  expect(s.state.permissions.length).toBeGreaterThan(3)
  expect(s.state.permissions.length).toBeLessThan(20)
  expect(JSON.stringify(viewOf(s.state, 's1')).length).toBeLessThan(limits.frameBytesMax)
  expect(s.events.at(-1)).toMatchObject({
    type: 'permission-settled',
    by: 'too many open questions',
  })
})

test('[P-51] a question in more words than the limit is refused in words', () => {
  const title = 'x'.repeat(limits.permissionTitleCharsMax + 1)
  const report = { type: 'permission-asked', turn: 1, permissionId: 'q', title, options: [] }
  expect(decodeReport(JSON.stringify(report))).toContain('title')
})
