/**
 * What a real agent really does, tried through the very connection a session uses: a turn with text, thought, tool and
 * permission, a cancel, a kill in mid-turn, the restored conversation, and a model that fails.
 *
 * Owns: the order of the trial and what it finds. What must hold is `problems`; the rest is told as it was seen.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentUpdate, Ask } from '@belay/agent'
import { adapterOf, capabilitiesOf } from '@belay/agent/adapters'
import { type AgentConnection, marked, probeFence } from '@belay/agent/node'
import { type AgentOffer, mergeOffer } from '@belay/protocol'
import type { RealAgent } from './real-agents.ts'

export interface Trial {
  readonly version: string
  readonly capabilities: readonly string[]
  readonly offers: string
  readonly thoughts: boolean
  readonly permission: readonly string[]
  readonly cancelMs: number
  /** From the kill to a prompt that is settled. */
  readonly killMs: number
  readonly restored: string
  readonly modeAgain: string
  readonly quota: string
  /** What became of an answer whose first half the agent asked its model for twice. */
  readonly again: string
  readonly broken: string
  /** What is said when its model is broken. */
  readonly dead: string
  /** What should hold and did not. */
  readonly problems: readonly string[]
}

interface TrialPlace {
  readonly folder: string
  /** Also tries a model that refuses and breaks, which takes some agents long. */
  readonly failures?: true
}

/** Some need seconds to start on a slow machine, and more for their first turn. */
const startMs = 60_000
const turnMsMax = 60_000
/** An agent that has not given up a dead model by then is said to go on trying. */
const failureMsMax = 20_000
const word = 'quetzal'

export async function tryAgent(agent: RealAgent, place: TrialPlace): Promise<Trial> {
  const trial = new AgentTrial(agent, place)
  try {
    return await trial.run()
  } finally {
    await trial.end()
  }
}

class AgentTrial {
  readonly #agent: RealAgent
  readonly #place: TrialPlace
  readonly #marker = `trial.${process.pid}.${performance.now()}`
  readonly #problems: string[] = []
  readonly #asks: Ask[] = []
  #updates: AgentUpdate[] = []
  #offer: AgentOffer = {}
  #connection: AgentConnection | undefined

  constructor(agent: RealAgent, place: TrialPlace) {
    this.#agent = agent
    this.#place = place
  }

  async run(): Promise<Trial> {
    const first = await this.#connect()
    const initialized = await first.initialized
    if ('failure' in initialized) throw new Error(initialized.failure.message)
    const { mode } = this.#agent
    const chosen = mode === undefined ? {} : { mode }
    const opened = await first.open(undefined, chosen)
    if ('failure' in opened) throw new Error(opened.failure.message)

    await this.#turn()
    const permission = await this.#write()
    const cancelMs = await this.#cancel()
    const killMs = await this.#kill()

    this.#offer = {}
    this.#updates = []
    const second = await this.#connect()
    const again = await second.open(opened.ok.agentSession, chosen)
    const restored = 'ok' in again ? again.ok.restored : again.failure.message
    this.#expect(restored === 'resumed' || restored === 'loaded', `restored: ${restored}`)
    const replayed = this.#text()
    this.#expect(replayed === '', `the replay was told again: ${replayed}`)
    const known = await this.#say(`[[reset]] [[recall ${word}]]`)
    this.#expect(this.#text().includes(`recalled ${word}`), `the context is lost (${known})`)
    return {
      version: initialized.ok.version ?? '?',
      capabilities: capabilitiesOf(initialized.ok),
      offers: offersOf(this.#offer),
      thoughts: this.#thought,
      permission,
      cancelMs,
      killMs,
      restored,
      modeAgain: mode === undefined ? 'not tried' : (this.#offer.modes?.current ?? 'none'),
      quota: await this.#failure('[[reset]] [[error 429 1]] [[say recovered]]'),
      again: await this.#again(),
      broken: await this.#failure('[[reset]] [[error 500]]'),
      dead: this.#said,
      problems: this.#problems,
    }
  }

  async end(): Promise<void> {
    await this.#connection?.end()
    this.#connection = undefined
  }

  #thought = false
  /** Of the last prompt that failed, in words. */
  #said = ''

  async #turn(): Promise<void> {
    const end = await this.#say(`Remember ${word}. [[think deeply]] [[say hello]] [[slow 5 5]]`)
    this.#expect(end === 'end_turn', `a turn ended with ${end}`)
    this.#expect(/hello.*tok5/s.test(this.#text()), `the text is ${this.#text()}`)
    this.#thought = this.#textOf('agent_thought_chunk').includes('deeply')
  }

  async #write(): Promise<readonly string[]> {
    const file = join(this.#place.folder, 'trial.txt')
    const end = await this.#say(`[[reset]] ${this.#agent.write(file, 'written')} [[say done]]`)
    this.#expect(end === 'end_turn', `a turn with a tool ended with ${end}`)
    const asked = this.#agent.asksNothing === true ? 0 : 1
    this.#expect(this.#asks.length === asked, `${this.#asks.length} permissions were asked`)
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'nothing'
    this.#expect(text === 'written', `the file holds ${text}`)
    const tools = this.#updates.filter(({ sessionUpdate }) => sessionUpdate.startsWith('tool_call'))
    this.#expect(
      tools.some((tool) => tool['status'] === 'completed'),
      'no tool was told as completed',
    )
    return (this.#asks[0]?.options ?? []).map(({ kind }) => kind)
  }

  async #cancel(): Promise<number> {
    const ended = this.#say('[[reset]] [[slow 2000 10]]')
    await this.#hears('tok5 ')
    const from = performance.now()
    this.#connection?.cancel()
    const end = await ended
    this.#expect(end === 'cancelled', `a cancelled turn ended with ${end}`)
    return Math.round(performance.now() - from)
  }

  async #kill(): Promise<number> {
    const ended = this.#say('[[reset]] [[slow 2000 10]]')
    await this.#hears('tok5 ')
    const from = performance.now()
    const pid = this.#connection?.process.pid
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    const end = await ended
    const ms = Math.round(performance.now() - from)
    this.#expect(end === 'agent-exited', `a killed turn ended with ${end}`)
    await this.#connection?.exited
    const left = marked(this.#marker)
    this.#expect(left.length === 0, `${left.length} processes outlived the kill`)
    return ms
  }

  /** @returns how a turn ended whose model fails, in words */
  async #failure(prompt: string): Promise<string> {
    if (this.#place.failures === undefined) return 'not tried'
    const from = performance.now()
    const turn = this.#say(prompt)
    const end = await Promise.race([turn, sleep(failureMsMax, undefined)])
    const took = `${((performance.now() - from) / 1000).toFixed(1)} s`
    if (end === undefined) {
      this.#connection?.cancel()
      const stopped = await turn
      this.#expect(
        stopped === 'cancelled',
        `a stopped turn with a dead model ended with ${stopped}`,
      )
      return `still trying after ${failureMsMax / 1000} s`
    }
    this.#expect(
      end !== 'end_turn' || this.#text().includes('recovered'),
      'a turn with a dead model ended as done',
    )
    const recovered = this.#text().includes('recovered')
    return `${recovered ? 'recovered' : end}, ${took}`
  }

  /** The model's socket is lost in the middle of an answer, once; with and without a thought before it. */
  async #again(): Promise<string> {
    const end = await this.#say('[[reset]] [[drop 3 20 1]] [[slow 5 10]]')
    const text = this.#text()
    const times = timesIn(text, 'tok1 ')
    await this.#say('[[reset]] [[think deeply]] [[drop 3 20 1]] [[slow 5 10]]')
    const more = timesIn(this.#text(), 'tok1 ')
    this.#expect(more <= times, `words said again after a thought were told ${more} times`)
    if (!text.includes('tok5 ')) return end === 'end_turn' ? 'another answer' : end
    return times === 1 ? 'told once' : `told ${times} times`
  }

  /** One prompt. @returns its stop reason, or the code of its failure */
  async #say(text: string): Promise<string> {
    this.#updates = []
    this.#asks.length = 0
    const turn = this.#connection?.prompt(text)
    const done = new AbortController()
    const late = sleep(turnMsMax, undefined, { signal: done.signal }).catch(() => undefined)
    const answer = await Promise.race([turn, late])
    done.abort()
    if (answer === undefined) return `nothing within ${turnMsMax} ms`
    this.#said = 'ok' in answer ? '' : answer.failure.message
    return 'ok' in answer ? answer.ok : answer.failure.code
  }

  async #hears(token: string): Promise<void> {
    const until = performance.now() + turnMsMax
    while (!this.#text().includes(token)) {
      if (performance.now() > until) throw new Error(`"${token}" never came: ${this.#text()}`)
      await sleep(5)
    }
  }

  #text(): string {
    return this.#textOf('agent_message_chunk')
  }

  #textOf(kind: string): string {
    return this.#updates
      .filter(({ sessionUpdate }) => sessionUpdate === kind)
      .map(({ content }) =>
        typeof content === 'object' && content !== null && 'text' in content
          ? String(content.text)
          : '',
      )
      .join('')
  }

  #expect(holds: boolean, problem: string): void {
    if (!holds) this.#problems.push(problem)
  }

  async #connect(): Promise<AgentConnection> {
    const { command, args, env, protocol } = this.#agent
    const connection = adapterOf(protocol).connect({
      command,
      args,
      env,
      cwd: this.#place.folder,
      marker: this.#marker,
      fence: await probeFence(),
      version: '0',
      startMs,
      on: {
        update: (update) => void this.#updates.push(update),
        offer: (offer) => {
          this.#offer = mergeOffer(this.#offer, offer)
        },
        choiceRefused: (message) => void this.#problems.push(message),
        askUnreadable: (message) => void this.#problems.push(message),
        permission: (id, ask) => {
          this.#asks.push(ask)
          const yes = ask.options.find(({ kind }) => kind === 'allow_once')
          connection.answer(id, yes?.optionId)
        },
        permissionGone: () => undefined,
        note: () => undefined,
      },
    })
    this.#connection = connection
    return connection
  }
}

function timesIn(text: string, words: string): number {
  return text.split(words).length - 1
}

function offersOf({ modes, models, commands, usage }: AgentOffer): string {
  const counts = [
    ['modes', modes?.available.length],
    ['models', models?.available.length],
    ['commands', commands?.length],
  ] as const
  return [
    ...counts.flatMap(([name, count]) => (count === undefined ? [] : [`${count} ${name}`])),
    ...Object.keys(usage ?? {}),
  ].join(', ')
}
