import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { detectAgents, readAgentsFile, resolveAgent } from './detect.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'belay-detect-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function program(path: string, text = '#!/bin/sh\n'): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}
function found(name: string, env: Record<string, string> = {}, cwd = root) {
  return detectAgents({ env: { HOME: root, ...env }, cwd }).find((agent) => agent.name === name)
}

test('[A-23] an agent on the PATH is found, with what it misses in words', () => {
  const file = program('bin/gemini')
  expect(found('gemini')).toMatchObject({ found: false, missing: [] })
  expect(found('gemini', { PATH: join(root, 'bin') })).toMatchObject({
    found: true,
    command: `${file} --acp`,
    missing: [expect.stringContaining('GEMINI_API_KEY')],
  })
})

test('[A-107] every known agent says how it is installed and how one signs in', () => {
  const agents = detectAgents({ env: { HOME: root }, cwd: root }).filter(({ demo }) => !demo)
  expect(agents.length).toBeGreaterThan(15)
  for (const { name, install = '', signIn = '' } of agents) {
    expect(install, name).toMatch(/^npm install -g \S|^as \S+ says$/)
    expect(signIn, name).toMatch(/^run `[a-z]/)
    expect(install, name).not.toMatch(/npx|registry|belay/)
  }
  expect(new Set(agents.map(({ name }) => name)).size).toBe(agents.length)
})

test('[A-107] an agent of the public registry is started by the command that is there', () => {
  const file = program('bin/copilot')
  expect(found('copilot', { PATH: join(root, 'bin') })).toMatchObject({
    command: `${file} --acp`,
    missing: [],
  })
  expect(found('droid', { PATH: dirname(program('bin/droid')) })?.run?.args).toEqual([
    'exec',
    '--output-format',
    'acp',
  ])
})

test('[A-1] a key or a login file proves that it can reach its model', () => {
  program('bin/gemini')
  const PATH = join(root, 'bin')
  expect(found('gemini', { PATH, GEMINI_API_KEY: 'x' })?.missing).toEqual([])
  expect(found('gemini', { PATH, GEMINI_API_KEY: '' })?.missing).toHaveLength(1)
  program('.gemini/oauth_creds.json', '{}')
  expect(found('gemini', { PATH })?.missing).toEqual([])
})

test('[A-23] node_modules is looked at upwards, and its scripts run on our own Node', () => {
  const file = program('node_modules/.bin/qwen', '#!/usr/bin/env -S node --no-warnings\n')
  mkdirSync(join(root, 'deep/er'), { recursive: true })
  const qwen = found('qwen', {}, join(root, 'deep/er'))
  expect(qwen?.run).toEqual({ command: process.execPath, args: ['--no-warnings', file, '--acp'] })
})

test('[A-23] a file that may not be executed is no agent', () => {
  const file = program('bin/kilo')
  chmodSync(file, 0o644)
  expect(found('kilo', { PATH: join(root, 'bin') })).toMatchObject({ found: false })
})

test('[A-23] any command line is an agent when its program is there', () => {
  const file = program('bin/mine')
  const surroundings = { env: { PATH: join(root, 'bin') }, cwd: root }
  expect(resolveAgent({ command: 'mine', args: ['--x'] }, surroundings)).toMatchObject({
    name: 'mine',
    run: { command: file, args: ['--x'] },
  })
  expect(resolveAgent({ command: './bin/mine', args: [] }, surroundings)?.run.command).toBe(file)
  expect(resolveAgent({ command: 'theirs', args: [] }, surroundings)).toBeUndefined()
  expect(resolveAgent({ name: 'nobody' }, surroundings)).toBeUndefined()
})

test('[A-23] the demo agent is always there, and says that it is one', () => {
  expect(found('demo')).toMatchObject({ found: true, demo: true, missing: [] })
  const run = resolveAgent(
    { name: 'demo' },
    { env: {}, cwd: root, demoCommand: ['node', 'main.ts', 'demo-agent'] },
  )
  expect(run).toMatchObject({
    demo: true,
    run: { command: 'node', args: ['main.ts', 'demo-agent'] },
  })
})

test('[A-80] an agent of the file is found and started like a known one, with its settings', () => {
  const file = program('bin/mine')
  const agentsFile = join(root, 'agents.json')
  const surroundings = { env: { PATH: join(root, 'bin') }, cwd: root, agentsFile }
  expect(resolveAgent({ name: 'mine' }, surroundings)).toBeUndefined()
  const mine = {
    title: 'Mine',
    command: 'mine',
    args: ['--x'],
    model: 'big',
    env: { A: '1', B: '2' },
  }
  const claude = { command: 'mine', env: { ANTHROPIC_API_KEY: { env: 'K' } } }
  writeFileSync(agentsFile, JSON.stringify({ agents: { mine, claude, broken: {} } }))
  expect(resolveAgent({ name: 'mine', model: 'small', env: { B: '3' } }, surroundings)).toEqual({
    run: { command: file, args: ['--x'] },
    name: 'mine',
    title: 'Mine',
    demo: false,
    protocol: 'acp',
    settings: { model: 'small', env: { A: '1', B: '3' } },
  })
  const names = detectAgents(surroundings)
  expect(names.find(({ name }) => name === 'mine')).toMatchObject({ found: true, title: 'Mine' })
  expect(names.find(({ name }) => name === 'claude')).toMatchObject({ found: true, missing: [] })
  expect(names.find(({ name }) => name === 'broken')).toBeUndefined()
  expect(readAgentsFile(surroundings).problems).toHaveLength(1)
})
