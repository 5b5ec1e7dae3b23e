import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { acp } from '@belay/agent/acp'
import { probeFence } from '@belay/agent/node'
import { temporaryFolder } from '@belay/testing/node'
import { expect, test } from 'vitest'

const main = resolve(import.meta.dirname, '../main.ts')

/** One turn of the demo agent whose question gets this answer. @returns its last plan, and the folder it worked in */
async function turn(prompt: string, optionId: string) {
  const folder = temporaryFolder('demo-agent')
  const plans: unknown[] = []
  const agent = acp.connect({
    command: process.execPath,
    args: [main, 'demo-agent'],
    cwd: folder,
    env: { ...process.env, HOME: folder },
    marker: `demo-test.${process.pid}.1`,
    fence: await probeFence(),
    startMs: 30_000,
    version: '0',
    on: {
      update(update) {
        if (update['sessionUpdate'] === 'plan') plans.push(update['entries'])
      },
      permission: (id) => agent.answer(id, optionId),
      permissionGone: () => undefined,
      offer: () => undefined,
      choiceRefused: () => undefined,
      askUnreadable: () => undefined,
      note: () => undefined,
    },
  })
  await agent.open(undefined)
  const end = await agent.prompt(prompt)
  await agent.end()
  return { end, plan: plans.at(-1), file: join(folder, 'belay-demo.md') }
}

function done(content: string) {
  return { content, priority: 'medium', status: 'completed' }
}

test('[A-26] the demo agent writes what was allowed, and its plan says what it did', async () => {
  const allowed = await turn('fast hello', 'allow')
  expect(allowed.end).toEqual({ ok: 'end_turn' })
  expect(readFileSync(allowed.file, 'utf8')).toBe('- fast hello\n')
  expect(allowed.plan).toContainEqual(done('Write a line into belay-demo.md'))
})

test('[A-26] what the demo agent was not allowed it does not do, and its plan does not say it did', async () => {
  const rejected = await turn('fast hello', 'reject')
  expect(rejected.end).toEqual({ ok: 'end_turn' })
  expect(existsSync(rejected.file)).toBe(false)
  expect(rejected.plan).toEqual([
    done('Look at the folder'),
    done('Run a slow tool'),
    done('Say goodbye'),
  ])
})
