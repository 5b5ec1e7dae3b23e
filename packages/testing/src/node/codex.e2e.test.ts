import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { client, methods, ndJsonStream, type SessionNotification } from '@agentclientprotocol/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askedCommand } from '../model/directives.ts'
import { codexAgent } from './codex.ts'
import { type FakeModel, startFakeModel } from './fake-model.ts'
import { gitRepository } from './git-repository.ts'
import { start } from './processes.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

let model: FakeModel
beforeAll(async () => {
  model = await startFakeModel()
})
afterAll(() => model.stop())

/** The real agent, started in a repository and spoken to with the protocol's own library. */
async function startCodex(folder: string) {
  const { command, args, env } = codexAgent({ modelUrl: model.url, home: temporaryFolder('home') })
  const process = await start(command, args, { cwd: folder, env: { ...env } })
  const updates: SessionNotification['update'][] = []
  const asked: string[] = []
  const app = client({ name: 'test' })
    .onRequest(methods.client.session.requestPermission, async ({ params }) => {
      const option = params.options.find(({ kind }) => kind === 'allow_once')
      asked.push(params.toolCall.title ?? params.toolCall.toolCallId)
      if (option === undefined) return { outcome: { outcome: 'cancelled' } }
      return { outcome: { outcome: 'selected', optionId: option.optionId } }
    })
    .onNotification(methods.client.session.update, async ({ params }) => {
      updates.push(params.update)
    })
  const { agent } = app.connect(ndJsonStream(Writable.toWeb(process.stdin), process.output()))
  await agent.request(methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} })
  const { sessionId } = await agent.request(methods.agent.session.new, {
    cwd: folder,
    mcpServers: [],
  })
  const text = () =>
    updates
      .map((update) =>
        update.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text'
          ? update.content.text
          : '',
      )
      .join('')
  const prompt = (words: string) =>
    agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: 'text', text: words }],
    })
  return { process, asked, text, prompt }
}

test('[T-10] a real agent edits a file after a permission and streams what the model says', async () => {
  const { path, git } = gitRepository()
  const codex = await startCodex(path)
  const edit = askedCommand(`printf 'edited' >> ${join(path, 'README.md')}`)
  const turn = await codex.prompt(`${edit} [[say edited it]]`)
  expect(turn.stopReason).toBe('end_turn')
  expect(codex.asked).toHaveLength(1)
  expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('# Hello\nedited')
  expect(git('status', '--porcelain')).toBe('M README.md')
  expect(codex.text()).toContain('edited it')

  const streamed = codex.prompt('[[slow 400 5]]')
  await waitFor(() => codex.text().includes('tok5 '), 'the fifth token came', 20_000)
  // Tokens come one by one: the answer is still on its way.
  expect(codex.text()).not.toContain('tok400 ')
  expect(model.requests().at(-1)).toMatchObject({ dialect: 'responses', over: false })
  expect((await streamed).stopReason).toBe('end_turn')
  expect(codex.text()).toMatch(/tok399 tok400 /)
  await codex.process.killHard()
})

test('[T-10] the model sees a killed agent hang up', async () => {
  const codex = await startCodex(gitRepository().path)
  const before = model.requests().length
  const cut = codex.prompt('[[slow 5000 5]]').then(
    () => 'answered',
    () => 'failed',
  )
  await waitFor(() => codex.text().includes('tok5 '), 'the fifth token came', 20_000)
  expect(await codex.process.killHard()).toEqual({ code: undefined, signal: 'SIGKILL' })
  expect(await cut).toBe('failed')
  const requests = () => model.requests().slice(before)
  await waitFor(() => requests().every(({ over }) => over), 'the exchange ended', 5000)
  expect(requests().at(-1)).toMatchObject({ aborted: true, played: ['slow'] })
})
