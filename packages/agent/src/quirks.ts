/**
 * What agents get wrong, in one table: each line with the version it was seen in, what is done about it, and the rule
 * that does it.
 *
 * Owns: the table, and the reading of an agent's own signs. `heard-turn.ts` and `retold.ts` act on them; a line without
 * `reads` is answered elsewhere, by its rule, for every agent.
 *
 * Invariants:
 * - A-64 The table is the one of `docs/agents.md`, and each of its rules is in the specification.
 */
import { z } from 'zod'
import type { AgentUpdate } from './translate.ts'

/** How one agent gives away what it does wrong. */
export interface AgentSigns {
  /** Said when a conversation is opened, so that the agent gives a sign at all. */
  readonly sessionMeta?: Readonly<Record<string, unknown>>
  /** A notification of its own, as `session/update` would have put it; `undefined` for any other. */
  readonly notice?: (method: string, params: unknown) => unknown
  /** Whether it asks its model again after a try that failed. */
  readonly isRetry?: (update: AgentUpdate) => boolean
  /** Whether the words are those of a helper, beside the answer. */
  readonly isAside?: (update: AgentUpdate) => boolean
  /** It says its signs as words of the answer: what such an update is, as one that is no word; `undefined` for any other. */
  readonly sayings?: (update: AgentUpdate) => AgentUpdate | undefined
  /** Its words carry no message ids: those between two signs of a new try are one message. */
  readonly withoutIds?: true
  /** Whether its model has failed for good, or works; `undefined` when the update says nothing of it. */
  readonly modelFailed?: (update: AgentUpdate) => boolean | undefined
}

export interface Quirk {
  readonly id: string
  /** Names as in `docs/agents.md`. */
  readonly agents: readonly string[]
  /** Name and version as the agents say them, or of the package. */
  readonly seen: string
  readonly wrong: string
  readonly done: string
  readonly rule: string
  /** What the agent calls itself in its answer to `initialize`, and its signs. */
  readonly reads?: { readonly name: string; readonly signs: AgentSigns }
}

const codexMeta = z
  .object({
    sessionUpdate: z.literal('session_info_update'),
    _meta: z.object({
      codex: z.looseObject({
        error: z.looseObject({ willRetry: z.boolean() }).optional().catch(undefined),
        threadStatus: z.looseObject({ type: z.string() }).optional().catch(undefined),
      }),
    }),
  })
  .transform(({ _meta: { codex } }) => codex)
const claudeRetry = z.looseObject({ type: z.literal('system'), subtype: z.literal('api_retry') })
/** Where a thought was whole already, it keeps that and asks its model to go on, with a message of its own. */
const claudeCut = z
  .object({
    type: z.literal('user'),
    isSynthetic: z.literal(true),
    message: z.object({
      content: z.tuple([z.object({ text: z.string().regex(/^Your response above was cut off/) })]),
    }),
  })
  .transform(({ message }) => ({ type: 'cut-off', message: message.content[0].text }))
const claudeSays = z.object({
  sessionId: z.string(),
  message: z.union([claudeRetry, claudeCut]),
})
const claudeAside = z.object({
  _meta: z.object({ claudeCode: z.object({ parentToolUseId: z.string() }) }),
})

/** Copilot says its signs as words, each in a chunk of its own. */
const copilotRetry = /^Info: .*\. Retrying\.\.\.$/
const copilotDead = /^Error: Failed to get response from the AI model\b/
/** So does pi; that it tries no more it says whatever became of it. */
const piRetry = /^Retrying \(attempt \d+\/\d+, waiting \d+s\)\.\.\.$/
const piOver = /^Retry finished, resuming\.$/
const claudeDead = /^API Error: /

const wordsSchema = z.looseObject({
  sessionUpdate: z.literal('agent_message_chunk'),
  content: z.object({ type: z.literal('text'), text: z.string() }),
})

export const quirks: readonly Quirk[] = [
  {
    id: 'codex-says-again',
    agents: ['codex'],
    seen: '2.6.0',
    wrong:
      'After a try of its own that failed it says its words again, as another message; the only sign is in `_meta.codex.error` of a `session_info_update`.',
    done: 'What is said again after the sign is told once.',
    rule: 'A-60',
    reads: {
      name: '@agentclientprotocol/codex-acp',
      signs: { isRetry: (update) => codexSays(update)?.error?.willRetry === true },
    },
  },
  {
    id: 'claude-says-again',
    agents: ['claude'],
    seen: '0.100.0',
    wrong:
      'After a try of its own that failed it says its words again, as another message, and gives no sign of it.',
    done: 'It is asked for its signs (`api_retry`, and its note to the model that it was cut off) when a conversation is opened; what is said again after one is told once.',
    rule: 'A-60',
    reads: {
      name: '@agentclientprotocol/claude-agent-acp',
      signs: {
        sessionMeta: {
          claudeCode: {
            emitRawSDKMessages: [{ type: 'system', subtype: 'api_retry' }, { type: 'user' }],
          },
        },
        notice: noticeOfClaude,
        isRetry: ({ sessionUpdate }) => sessionUpdate === 'retry',
        isAside: (update) => claudeAside.safeParse(update).success,
      },
    },
  },
  {
    id: 'says-again-without-a-sign',
    agents: ['codex-zed', 'opencode'],
    seen: '0.16.0, 1.18.33',
    wrong:
      'After a try of its own that failed it says its words again, with no sign: codex-zed without message ids, opencode under the same one.',
    done: 'Left as it is: nothing tells it from words that are meant twice. `opencode-http` gives a sign, and its words are told once.',
    rule: 'A-61',
  },
  {
    id: 'server-says-again',
    agents: ['opencode-http'],
    seen: '1.18.33',
    wrong: 'After a try of its own that failed it says its words again.',
    done: 'What is said again after its `retry` status is told once.',
    rule: 'A-41',
  },
  {
    id: 'codex-ends-a-dead-turn-well',
    agents: ['codex'],
    seen: '2.6.0',
    wrong:
      'When its model fails for good the turn ends with `end_turn`, and the error is the last words of the answer.',
    done: 'After its `systemError` status the turn ends as failed, with those words as the reason.',
    rule: 'A-62',
    reads: {
      name: '@agentclientprotocol/codex-acp',
      signs: {
        modelFailed: (update) => {
          const status = codexSays(update)?.threadStatus?.type
          return status === undefined ? undefined : status === 'systemError'
        },
      },
    },
  },
  {
    id: 'copilot-says-again',
    agents: ['copilot'],
    seen: '1.0.102',
    wrong:
      'After a try of its own that failed it says its words again, without message ids; the sign is a line of its own among its words, "Info: … Retrying...".',
    done: 'The line is taken as the sign that it is, and no word of the answer; what is said again after it is told once.',
    rule: 'A-108',
    reads: {
      name: 'Copilot',
      signs: {
        withoutIds: true,
        sayings: (update) => saying(update, copilotRetry),
        isRetry: ({ sessionUpdate }) => sessionUpdate === 'retry',
      },
    },
  },
  {
    id: 'copilot-ends-a-dead-turn-well',
    agents: ['copilot'],
    seen: '1.0.102',
    wrong:
      'When its model fails for good the turn ends with `end_turn`, and the error is the last words of the answer, "Error: Failed to get response from the AI model; …".',
    done: 'After that line the turn ends as failed, with it as the reason.',
    rule: 'A-62',
    reads: {
      name: 'Copilot',
      signs: { modelFailed: (update) => copilotDead.test(wordsOf(update) ?? '') || undefined },
    },
  },
  {
    id: 'pi-says-again',
    agents: ['pi'],
    seen: '0.0.34 with 1.6.0',
    wrong:
      'After a try of its own that failed it says its words again, without message ids; the signs are lines of their own among its words, "Retrying (attempt 1/3, waiting 2s)..." and "Retry finished, resuming.".',
    done: 'The lines are taken as the signs that they are, and no words of the answer; what is said again is told once.',
    rule: 'A-108',
    reads: {
      name: 'pi-acp',
      signs: {
        withoutIds: true,
        sayings: (update) => saying(update, piRetry) ?? saying(update, piOver, 'retry-over'),
        isRetry: ({ sessionUpdate }) => sessionUpdate === 'retry',
      },
    },
  },
  {
    id: 'pi-ends-a-dead-turn-well',
    agents: ['pi'],
    seen: '0.0.34 with 1.6.0',
    wrong: 'When its model fails for good the turn ends with `end_turn`, and no word says so.',
    done: 'When it says that it tries no more and nothing came after its last try, the turn ends as failed.',
    rule: 'A-109',
  },
  {
    id: 'cline-ends-a-dead-turn-well',
    agents: ['cline'],
    seen: '3.0.65',
    wrong: 'When its model fails for good the turn ends with `end_turn` and not a word.',
    done: 'A turn without a word, a thought, a tool or a plan is no finished one, whoever ends it.',
    rule: 'A-106',
  },
  {
    id: 'claude-cut-answer',
    agents: ['claude'],
    seen: '0.100.0',
    wrong:
      'When its answer is cut off for good its error is the last words of the answer, "API Error: …", and the failure of the turn as well.',
    done: 'Those words are the reason of the failure and no part of the answer.',
    rule: 'A-62',
    reads: {
      name: '@agentclientprotocol/claude-agent-acp',
      signs: { modelFailed: (update) => claudeDead.test(wordsOf(update) ?? '') || undefined },
    },
  },
  {
    id: 'ends-a-stopped-turn-well',
    agents: ['opencode', 'kilo'],
    seen: '1.18.33, 7.7.7',
    wrong: 'Stopped while it asks a dead model again, it says `end_turn` instead of `cancelled`.',
    done: 'An `end_turn` after our stop counts as `cancelled`, whoever says it.',
    rule: 'A-63',
  },
  {
    id: 'idle-twice',
    agents: ['opencode-http', 'kilo-http'],
    seen: '1.18.33, 7.7.7',
    wrong: 'When it is stopped it says twice that it is at rest, and before its last words.',
    done: 'The first after the prompt ends the turn, once the last words are there.',
    rule: 'A-42',
  },
  {
    id: 'tools-run-for-ever',
    agents: ['opencode', 'kilo', 'claude'],
    seen: '1.18.33, 7.7.7, 0.100.0',
    wrong:
      'A tool that was cut by a kill is replayed as `in_progress` (claude: `pending`) for ever.',
    done: 'A replay is not told; what the log holds is closed with its turn.',
    rule: 'A-16',
  },
  {
    id: 'unrun-tool-completed',
    agents: ['codex-zed'],
    seen: '0.16.0',
    wrong:
      'A tool that waited for a permission when it was killed, and never ran, is replayed as `completed`.',
    done: 'A replay is not told.',
    rule: 'A-16',
  },
  {
    id: 'replay-after-the-answer',
    agents: ['gemini'],
    seen: '0.36.0',
    wrong: 'It answers `session/load` first and replays then.',
    done: 'For 300 ms after the answer what comes is still the replay.',
    rule: 'A-16',
  },
  {
    id: 'stop-waits-for-a-permission',
    agents: ['gemini'],
    seen: '0.36.0',
    wrong: 'A stop waits for an open permission for ever.',
    done: 'A stop answers every open permission as cancelled.',
    rule: 'R-23',
  },
  {
    id: 'lives-on-without-input',
    agents: ['codex-zed', 'gemini'],
    seen: '0.16.0, 0.36.0',
    wrong: 'In mid-turn it does not exit at the end of its input.',
    done: 'After a short grace everything of it is killed.',
    rule: 'A-9',
  },
  {
    id: 'tools-outlive-it',
    agents: ['claude', 'opencode', 'kilo'],
    seen: '0.100.0, 1.18.33, 7.7.7',
    wrong: 'A tool in a session of its own outlives the agent and goes on writing.',
    done: 'The fence ends it, or the walk of what carries our marker.',
    rule: 'A-8',
  },
]

/** @param name what the agent calls itself in its answer to `initialize` */
export function signsOf(name: string | undefined): AgentSigns {
  const mine = quirks.flatMap(({ reads }) => (reads?.name === name && reads ? [reads.signs] : []))
  return mine.reduce<AgentSigns>((all, signs) => ({ ...all, ...signs }), {})
}

function wordsOf(update: AgentUpdate): string | undefined {
  return wordsSchema.safeParse(update).data?.content.text
}

/** Words that are a sign of a new try, as the sign that they are. */
function saying(
  update: AgentUpdate,
  sign: RegExp,
  sessionUpdate = 'retry',
): AgentUpdate | undefined {
  const words = wordsOf(update)?.trim()
  if (words === undefined || !sign.test(words)) return undefined
  return { sessionUpdate, message: words }
}

function codexSays(update: AgentUpdate) {
  return codexMeta.safeParse(update).data
}

function noticeOfClaude(method: string, params: unknown): unknown {
  const said = method === '_claude/sdkMessage' ? claudeSays.safeParse(params).data : undefined
  return said && { sessionId: said.sessionId, update: { ...said.message, sessionUpdate: 'retry' } }
}
