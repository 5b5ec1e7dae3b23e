/**
 * The demo agent: a true ACP agent process that ships with Belay, so that a first run needs no key and no download.
 * It calls itself a demo wherever it is seen.
 *
 * Owns: the ACP agent side. `turn.ts` owns what a turn does, `memory.ts` what is kept of it.
 */
import { randomUUID } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import {
  agent,
  type AgentContext,
  type ContentBlock,
  methods,
  ndJsonStream,
  RequestError,
} from '@agentclientprotocol/sdk'
import { type Conversation, recall, remember } from './memory.ts'
import { directivesOf } from './directives.ts'
import { runTurn } from './turn.ts'

interface OpenSession {
  readonly cwd: string
  readonly conversation: Conversation
  /** Of the turn that runs. */
  cancel?: AbortController
}

const version = '1'

/** Serves one client on stdio until it goes away. */
export async function runDemoAgent(): Promise<void> {
  const sessions = new Map<string, OpenSession>()
  const output = Writable.toWeb(process.stdout)
  const input = Readable.toWeb(process.stdin)
  const connection = agent({ name: 'belay-demo' })
    .onRequest(methods.agent.initialize, () => ({
      protocolVersion: 1,
      agentInfo: { name: 'belay-demo', title: 'Demo agent', version },
      agentCapabilities: { loadSession: true, sessionCapabilities: { resume: {} } },
      authMethods: [],
    }))
    .onRequest(methods.agent.session.new, ({ params }) => {
      const sessionId = `demo-${randomUUID()}`
      sessions.set(sessionId, { cwd: params.cwd, conversation: { turns: [] } })
      remember(sessionId, { turns: [] })
      return { sessionId }
    })
    .onRequest(methods.agent.session.resume, ({ params }) => {
      sessions.set(params.sessionId, reopen(params))
      return {}
    })
    .onRequest(methods.agent.session.load, async ({ params, client }) => {
      const session = reopen(params)
      sessions.set(params.sessionId, session)
      await replay(client, params.sessionId, session.conversation)
      return {}
    })
    .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
      const session = sessions.get(params.sessionId)
      if (session === undefined) throw RequestError.resourceNotFound(params.sessionId)
      const stopReason = await prompt(client, params, session)
      return { stopReason }
    })
    .onNotification(methods.agent.session.cancel, ({ params }) =>
      sessions.get(params.sessionId)?.cancel?.abort(),
    )
    .connect(ndJsonStream(output, input))
  await connection.closed
  // Whoever held our stdio is gone: nobody can see what a turn would still do.
  process.exit(0)
}

interface SessionParams {
  readonly sessionId: string
  readonly cwd: string
}

function reopen({ sessionId, cwd }: SessionParams): OpenSession {
  const conversation = recall(sessionId)
  if (conversation === undefined) throw RequestError.resourceNotFound(sessionId)
  return { cwd, conversation }
}

async function replay(
  client: AgentContext,
  sessionId: string,
  { turns }: Conversation,
): Promise<void> {
  for (const { prompt: asked, answer } of turns) {
    for (const [sessionUpdate, text] of [
      ['user_message_chunk', asked],
      ['agent_message_chunk', answer],
    ] as const) {
      await client.notify(methods.client.session.update, {
        sessionId,
        update: { sessionUpdate, content: { type: 'text', text } },
      })
    }
  }
}

interface PromptParams {
  readonly sessionId: string
  readonly prompt: readonly ContentBlock[]
}

async function prompt(
  client: AgentContext,
  { sessionId, prompt: blocks }: PromptParams,
  session: OpenSession,
) {
  const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
  const cancel = new AbortController()
  // A stubborn agent has an ear, and does not listen.
  if (!directivesOf(text).stubborn) session.cancel = cancel
  const { conversation, cwd } = session
  const entry = { prompt: text, answer: '' }
  conversation.turns.push(entry)
  remember(sessionId, conversation)
  const hung = directivesOf(text).hang ? aborted(cancel.signal) : undefined
  const playing = runTurn({
    client,
    sessionId,
    cwd,
    prompt: text,
    number: conversation.turns.length,
    signal: cancel.signal,
  })
  const end = await (hung === undefined ? playing : Promise.race([playing, hung]))
  delete session.cancel
  entry.answer = end.answer
  remember(sessionId, conversation)
  return end.stopReason
}

function aborted(
  signal: AbortSignal,
): Promise<{ readonly stopReason: 'cancelled'; readonly answer: string }> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ stopReason: 'cancelled', answer: '' }))
  })
}
