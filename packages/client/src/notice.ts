/** The words for what happens to a session itself, the same on the page and in the terminal. */
import { unreachable } from '@belay/actor'
import { type EventOf, howEnded } from '@belay/protocol'
import type { NoticeEvent } from './item.ts'
import { stepName } from './step-words.ts'

export interface Notice {
  /** `quiet` is for logs: an expected end is never shown as a failure. */
  readonly level: 'quiet' | 'info' | 'warning' | 'failure'
  readonly sentence: string
  /** The last lines of a process's stderr. */
  readonly lines: readonly string[]
}

/** Said wherever a log does not begin with its first event. */
export const trimmedSentence = 'Older events were removed by this server’s retention setting.'

export function noticeOf(event: NoticeEvent): Notice {
  switch (event.type) {
    case 'settings-changed':
      return say('info', settingsSentence(event))
    case 'restored':
      return say('info', restoredSentence(event))
    case 'restore-failed':
      return say(
        'warning',
        `The workspace was not put back to ${checkpoint(event)}: ${event.message}`,
      )
    case 'warning':
      return say('warning', event.message)
    case 'said-after':
      return say('info', saidAfter(event))
    case 'preparation-started':
      return event.attempt === 1
        ? say('quiet', 'Preparing the session.')
        : say('info', `Preparing the session again, attempt ${event.attempt}.`)
    case 'preparation-failed':
      return say('failure', failedSentence(event), event.stderr)
    case 'agent-ready':
      return agentReady(event)
    case 'session-ready':
      return say('quiet', 'The session is ready.')
    case 'interrupt-requested':
      return say('info', 'Stop was asked for.')
    case 'queue-resumed':
      return say('info', resumedSentence(event))
    case 'agent-exited':
      return event.expected
        ? say('quiet', 'The agent was ended.')
        : say('failure', `The agent ${howEnded(event)}.`, event.stderr)
    case 'runner-lost':
      return say('warning', 'Connection to the agent lost; waiting for it. Its output is kept.')
    case 'runner-returned':
      return say(
        'info',
        event.restart === true
          ? 'The server of Belay was started again; the agent went on meanwhile, and nothing was lost.'
          : 'The agent is connected again; nothing was lost.',
      )
    case 'runner-exited':
      return event.expected
        ? say('quiet', `${belaysProcess} ended.`)
        : say('failure', `${belaysProcess} ${howEnded(event)}; its agent ended with it.`)
    case 'callback-failed':
      return say(
        'warning',
        `The end of turn ${event.turn} could not be told to the callback after ${event.attempts} attempts: ${event.message}`,
      )
    case 'folder-shared':
      return say(
        'warning',
        `Session “${event.title}” (${event.session}) works in the same folder: each may change files while the other works on them. A worktree of its own keeps a session apart.`,
      )
    case 'log-trimmed':
      return say('info', trimmedSentence)
    case 'session-deleted':
      return say('info', 'The session was deleted.')
    default:
      return unreachable(event)
  }
}

/** Whatever keeps an agent is called so to people. */
const belaysProcess = 'Belay’s process beside the agent'

function failedSentence({ step, code, message }: EventOf<'preparation-failed'>): string {
  // A person stopped it, and knows what to do.
  if (code === 'stopped') return message
  return `${stepName(step)}: ${message} Your prompts are kept: correct it, then retry.`
}

function resumedSentence({ turns }: EventOf<'queue-resumed'>): string {
  const which = turns.length === 1 ? `turn ${turns[0]} is` : `turns ${turns.join(', ')} are`
  return `The prompts that waited go on; ${which} still to be decided about.`
}

function saidAfter({ kind, after, text }: Extract<NoticeEvent, { type: 'said-after' }>): string {
  const when = after === undefined ? 'outside of a turn' : `after turn ${after} was over`
  const what = { text: 'Said', thought: 'Thought', tool: 'Worked on a tool', plan: 'Planned' }[kind]
  return `${what} ${when}: ${text.trim()}`
}

function checkpoint({ turn, to }: Pick<EventOf<'restored'>, 'turn' | 'to'>): string {
  if (to === 'undo') return 'how it was before it was put back'
  return `how it was ${to} turn ${turn}`
}

function restoredSentence(event: EventOf<'restored'>): string {
  const { stayed, notes = [] } = event
  const stays =
    stayed === undefined
      ? ''
      : `, ${stayed === 1 ? '1 file stayed as it was' : `${stayed} files stayed as they were`}`
  const back = `The workspace is back to ${checkpoint(event)}: ${files(event.files)}${stays}.`
  return [back, ...notes].join(' ')
}

function files(count: number): string {
  return count === 1 ? '1 file changed' : `${count} files changed`
}

function settingsSentence(event: Extract<NoticeEvent, { type: 'settings-changed' }>): string {
  const { agent, workspace, setup } = event
  const parts = [
    agent === undefined
      ? undefined
      : `the agent is ${'name' in agent ? agent.name : agent.command}`,
    workspace === undefined
      ? undefined
      : `the workspace is ${workspace.type === 'folder' ? workspace.path : workspace.url}`,
    setup === undefined
      ? undefined
      : `the setup is ${setup.length === 1 ? '1 command' : `${setup.length} commands`}`,
  ].filter((part) => part !== undefined)
  return `Changed by a person: ${parts.join(', ')}.`
}

/** What became of the workspace, where that is not as it was left. */
function workspaceWords(event: Extract<NoticeEvent, { type: 'agent-ready' }>): string {
  if (event.workspace === 'restored')
    return ' The workspace was gone: it is made again and holds what its last checkpoint held.'
  return event.workspace === 'cloned' && event.restored !== 'new'
    ? ' The workspace was gone and is cloned again: what was not pushed is not in it.'
    : ''
}

function agentReady(event: Extract<NoticeEvent, { type: 'agent-ready' }>): Notice {
  const { title, version, demo } = event.agent
  const named = version === undefined ? title : `${title} ${version}`
  const name = demo ? 'The DEMO agent' : named
  const place = [workspaceWords(event), ...(event.notes ?? []).map((note) => ` ${note}`)].join('')
  switch (event.restored) {
    case 'new':
      return say('info', `${name} is ready in ${event.folder}.${place}`)
    case 'resumed':
    case 'loaded':
      return say('info', `${name} is back with its conversation, in ${event.folder}.${place}`)
    case 'lost':
      return say(
        'warning',
        `${name} could not restore its conversation and begins a new one: it does not remember what is above.${place}`,
      )
    default:
      return unreachable(event.restored)
  }
}

function say(level: Notice['level'], sentence: string, lines: readonly string[] = []): Notice {
  return { level, sentence, lines }
}
