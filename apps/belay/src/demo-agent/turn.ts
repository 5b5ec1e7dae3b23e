/**
 * One turn of the demo agent: a thought, a plan, a look at the folder, a question, a file, a slow tool, a last word.
 * It is a script and says so; everything it does is real.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AgentContext,
  methods,
  type SessionUpdate,
  type StopReason,
  type ToolCall,
  type ToolCallContent,
} from '@agentclientprotocol/sdk'
import { type Directives, directivesOf } from './directives.ts'
import { pause, runSlowTool } from './slow-tool.ts'

export interface TurnOptions {
  readonly client: AgentContext
  readonly sessionId: string
  readonly cwd: string
  readonly prompt: string
  /** The number of this turn in its conversation, from 1. */
  readonly number: number
  /** Aborted when the client wants the turn to stop. */
  readonly signal: AbortSignal
}

export interface TurnEnd {
  readonly stopReason: StopReason
  /** All the text that was said. */
  readonly answer: string
}

const planSteps = [
  'Look at the folder',
  'Write a line into belay-demo.md',
  'Run a slow tool',
  'Say goodbye',
]
const writeStep = 1
const demoFile = 'belay-demo.md'

export async function runTurn(options: TurnOptions): Promise<TurnEnd> {
  const turn = new DemoTurn(options)
  await turn.play()
  return { stopReason: options.signal.aborted ? 'cancelled' : 'end_turn', answer: turn.answer }
}

class DemoTurn {
  answer = ''
  readonly #options: TurnOptions
  readonly #directives: Directives
  /** Steps of the plan that were given up. */
  readonly #dropped = new Set<number>()
  readonly #signal: AbortSignal

  constructor(options: TurnOptions) {
    this.#options = options
    this.#directives = directivesOf(options.prompt)
    this.#signal = options.signal
  }

  /** Each scene looks at the signal itself; after an abort the rest are passed over. */
  async play(): Promise<void> {
    const { crash, hang } = this.#directives
    await this.#update({
      sessionUpdate: 'agent_thought_chunk',
      content: { type: 'text', text: 'I am a script, so I will not think for long. ' },
    })
    await this.#plan(0)
    await this.#greet()
    if (hang) await new Promise<never>(() => {})
    await this.#stream()
    if (crash) process.exit(3)
    const scenes = [() => this.#look(), () => this.#write(), () => this.#work()]
    for (const [index, scene] of scenes.entries()) {
      if (this.#signal.aborted) return
      await scene()
      await this.#plan(index + 1)
    }
    if (this.#signal.aborted) return
    await this.#say('That was the demo. Choose a real agent to have real work done.\n')
    await this.#plan(planSteps.length)
  }

  async #greet(): Promise<void> {
    const { number, prompt } = this.#options
    await this.#say(
      `This is Belay’s demo agent, turn ${number} of this conversation. I am a script, not a model. `,
    )
    await this.#say(
      `You wrote ${prompt.length} characters. I will show you what a session looks like.\n\n`,
    )
  }

  /** What was asked for by `slow` and `flood`. */
  async #stream(): Promise<void> {
    const { slow, flood } = this.#directives
    for (let chunk = 1; chunk <= slow * 50 && !this.#signal.aborted; chunk++) {
      await this.#say(`slow-${chunk} `)
      await pause(20, this.#signal)
    }
    for (let chunk = 1; chunk <= flood && !this.#signal.aborted; chunk++)
      await this.#say(`flood-${chunk} `)
  }

  async #look(): Promise<void> {
    const { cwd } = this.#options
    const toolCallId = this.#toolId('look')
    await this.#update({
      sessionUpdate: 'tool_call',
      toolCallId,
      title: 'Read the folder',
      kind: 'read',
      status: 'in_progress',
      locations: [{ path: cwd }],
    })
    const names = readdirSync(cwd).toSorted()
    await this.#pause(300)
    const shown = names.slice(0, 20).join('\n')
    await this.#update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: 'completed',
      content: [textContent(shown)],
    })
    await this.#say(
      `There ${names.length === 1 ? 'is 1 entry' : `are ${names.length} entries`} in this folder. `,
    )
  }

  async #write(): Promise<void> {
    const { cwd, prompt, client, sessionId } = this.#options
    const toolCallId = this.#toolId('write')
    const path = join(cwd, demoFile)
    const oldText = existsSync(path) ? readFileSync(path, 'utf8') : undefined
    const line = `- ${prompt.replaceAll(/\s+/g, ' ').slice(0, 200)}\n`
    const content: ToolCallContent[] = [
      { type: 'diff', path, oldText: oldText ?? null, newText: (oldText ?? '') + line },
    ]
    const call: ToolCall = {
      toolCallId,
      title: `Write a line into ${demoFile}`,
      kind: 'edit',
      content,
      locations: [{ path }],
    }
    await this.#update({ sessionUpdate: 'tool_call', ...call, status: 'pending' })
    if (!this.#directives.noPermission) {
      const { outcome } = await client.request(methods.client.session.requestPermission, {
        sessionId,
        toolCall: { ...call, status: 'pending' },
        options: [
          { optionId: 'allow', name: 'Allow once', kind: 'allow_once' },
          { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
        ],
      })
      if (outcome.outcome !== 'selected' || outcome.optionId !== 'allow') {
        await this.#update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed' })
        this.#dropped.add(writeStep)
        if (!this.#signal.aborted) await this.#say('You did not allow it, so I wrote nothing. ')
        return
      }
    }
    if (this.#signal.aborted) return
    appendFileSync(path, line)
    await this.#update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: 'completed',
      content,
    })
    await this.#say(`I wrote a line into ${demoFile}. `)
  }

  async #work(): Promise<void> {
    const toolCallId = this.#toolId('work')
    await this.#update({
      sessionUpdate: 'tool_call',
      toolCallId,
      title: 'Run a slow tool',
      kind: 'execute',
      status: 'in_progress',
    })
    const lines: string[] = []
    const done = await runSlowTool({
      steps: 5,
      stepMs: this.#directives.fast ? 5 : 1000,
      signal: this.#signal,
      onLine: (line) => {
        lines.push(line)
        void this.#update({
          sessionUpdate: 'tool_call_update',
          toolCallId,
          status: 'in_progress',
          content: [textContent(lines.join('\n'))],
        })
      },
    })
    await this.#update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: done ? 'completed' : 'failed',
      content: [textContent(lines.join('\n'))],
    })
    if (done) await this.#say('The slow tool is done. ')
  }

  async #plan(done: number): Promise<void> {
    const entries = planSteps.map((content, index) => {
      const status = index < done ? 'completed' : index === done ? 'in_progress' : 'pending'
      return { content, priority: 'medium', status } as const
    })
    // A plan says what is done and what is to come; a step that was not allowed is neither.
    const kept = entries.filter((_, index) => !this.#dropped.has(index))
    await this.#update({ sessionUpdate: 'plan', entries: kept })
  }

  async #say(text: string): Promise<void> {
    this.answer += text
    // Word by word, as a model would.
    const chunks =
      this.#directives.fast || this.#directives.flood > 0 ? [text] : (text.match(/\S+\s*/g) ?? [])
    for (const chunk of chunks) {
      await this.#update({
        sessionUpdate: 'agent_message_chunk',
        content: { type: 'text', text: chunk },
      })
      if (chunks.length > 1) await this.#pause(30)
    }
  }

  #update(update: SessionUpdate): Promise<void> {
    return this.#options.client.notify(methods.client.session.update, {
      sessionId: this.#options.sessionId,
      update,
    })
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#directives.fast) await pause(ms, this.#signal)
  }

  #toolId(name: string): string {
    return `${this.#options.number}-${name}`
  }
}

function textContent(text: string): ToolCallContent {
  return { type: 'content', content: { type: 'text', text } }
}
