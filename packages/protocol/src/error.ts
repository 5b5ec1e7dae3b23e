/** Every refusal of the API: its HTTP status and the one shape it travels in. */
import { z } from 'zod'

/** code → HTTP status, and what the asker can do. */
export const errorTable = {
  'bad-request': { status: 400, action: 'Correct the named field and send it again.' },
  unauthorized: {
    status: 401,
    action:
      'Send the token of this server as "Authorization: Bearer …", or open the link the server printed.',
  },
  'ticket-invalid': {
    status: 401,
    action: 'Ask for a new ticket: each works once, for 60 seconds.',
  },
  'origin-refused': { status: 403, action: 'Open the page from the server itself.' },
  'route-not-found': { status: 404, action: 'See /v1/openapi.json for what there is.' },
  'session-not-found': { status: 404, action: 'List the sessions to see which there are.' },
  'prompt-not-found': { status: 404, action: 'Look at the session for the prompts it has.' },
  'attachment-not-found': {
    status: 404,
    action: 'Look at the log for what is attached to its prompts.',
  },
  'permission-not-found': {
    status: 404,
    action: 'Look at the session for the permissions it asks.',
  },
  'turn-not-found': { status: 404, action: 'Look at the session for the turns it has.' },
  'callback-not-found': {
    status: 404,
    action: 'List the callbacks of the session to see which there are.',
  },
  'agent-not-found': {
    status: 404,
    action: 'See "belay doctor" for the agents found, or name a command line.',
  },
  'session-conflict': {
    status: 409,
    action: 'That id belongs to a session made with other settings: choose a new id.',
  },
  'prompt-conflict': {
    status: 409,
    action: 'That prompt id was used with another text: choose a new id.',
  },
  'prompt-started': {
    status: 409,
    action: 'Its turn has begun or ended: interrupt the turn instead.',
  },
  'turn-not-current': { status: 409, action: 'That turn is not running any more.' },
  'turn-not-resolvable': {
    status: 409,
    action: 'Look at the turn: it runs, ended well, or somebody decided about it before.',
  },
  'turn-running': { status: 409, action: 'Wait for the end of the turn, or stop it.' },
  'folder-busy': { status: 409, action: 'Wait for the end of that turn, or stop it.' },
  'not-restorable': {
    status: 409,
    action: 'Nothing was changed. Ask again, or choose another turn.',
  },
  'not-ready': { status: 409, action: 'Wait until the session is prepared, or retry.' },
  'permission-settled': {
    status: 409,
    action: 'It was answered or withdrawn before: look who answered.',
  },
  'address-refused': {
    status: 400,
    action:
      'Name a public address, or start the server with --allow-private-callbacks when this one is meant.',
  },
  'option-unknown': { status: 400, action: 'Answer with one of the options that were offered.' },
  'not-offered': {
    status: 409,
    action: 'Look at the session for what its agent offers.',
  },
  'nothing-to-retry': { status: 409, action: 'The session needs no retry: send a prompt.' },
  'stale-generation': {
    status: 409,
    action: 'Another process has taken the place of this one: end it.',
  },
  'session-deleted': { status: 410, action: 'Start a new session.' },
  'too-large': { status: 413, action: 'Send less.' },
  'media-type': { status: 415, action: 'Send JSON with "content-type: application/json".' },
  'queue-full': { status: 429, action: 'Wait for a turn to end, or cancel a queued prompt.' },
  'sessions-full': {
    status: 507,
    action:
      'Delete sessions that are not needed any more, or start the server with --keep-sessions DAYS.',
  },
  'server-full': {
    status: 503,
    action: 'Close pages and programs that look at sessions, or try again in a moment.',
  },
  internal: { status: 500, action: 'Look at the server log; nothing of this request was kept.' },
  'disk-full': {
    status: 507,
    action:
      'Free some space on the disk that is named, then send it again: all else goes on by itself.',
  },
  'store-busy': {
    status: 503,
    action:
      'Close the program that has the store open, then send it again: all else goes on by itself.',
  },
  'going-away': { status: 503, action: 'The server is stopping: try again in a moment.' },
} as const

export type ErrorCode = keyof typeof errorTable

export const errorCodes = Object.keys(errorTable).filter(isErrorCode)

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}

/** A refusal as a value: what was decided, not thrown. */
export interface Refusal {
  readonly code: ErrorCode
  /** One sentence: what happened and what it means. */
  readonly message: string
}

export const problemSchema = z
  .object({
    error: z.object({
      code: z.enum(errorCodes),
      message: z.string().meta({ description: 'One sentence: what happened and what it means.' }),
      action: z.string().meta({ description: 'What the asker can do.' }),
      fields: z
        .array(z.object({ path: z.string(), expected: z.string(), got: z.string() }))
        .optional()
        .meta({ description: 'Each field that was wrong, by its path.' }),
      limit: z
        .number()
        .optional()
        .meta({ description: 'The limit that was met, in the unit the message names.' }),
    }),
  })
  .meta({ id: 'Problem', description: 'The one shape of every error.' })

export type Problem = z.infer<typeof problemSchema>
