import { deadlines, limits } from '@belay/protocol'
import { expect, test } from 'vitest'
import { settingRows } from './setting-words.ts'

const settings = {
  version: '1.2.3',
  protocol: 1,
  since: 0,
  minDiskBytes: 2048 * 1024 * 1024,
  allowPrivateCallbacks: false,
  deadlines,
  limits,
}

test('[W-44] every deadline and every limit of the server is shown, in a unit that is read', () => {
  const rows = settingRows(settings)
  const value = (part: 'deadlines' | 'limits' | 'server', name: string) =>
    rows[part].find((row) => row.name === name)?.value
  expect(rows.deadlines.map(({ name }) => name)).toEqual(Object.keys(deadlines))
  expect(rows.limits.map(({ name }) => name)).toEqual(Object.keys(limits))
  expect(value('deadlines', 'graceMs')).toBe('10 s')
  expect(value('deadlines', 'turnMs')).toBe('2 h')
  expect(value('deadlines', 'queueMs')).toBe('7 days')
  expect(value('limits', 'promptBytesMax')).toBe('256 KiB')
  expect(value('limits', 'joinMsMax')).toBe('40 ms')
  expect(value('limits', 'queuedPromptsMax')).toBe('10')
  expect(value('server', '--min-disk')).toBe('2 GiB')
  expect(value('server', '--keep-sessions')).toBe('for ever')
  const kept = settingRows({ ...settings, keepSessionsMs: 30 * 86_400_000 })
  expect(kept.server.find(({ name }) => name === '--keep-sessions')?.value).toBe('30 days')
})
