/** Every limit of the wire in one table. Units last. Whoever refuses an input names the limit it broke. */
export const limits = {
  /** One prompt's text. Larger than what people paste; far below what an agent takes. */
  promptBytesMax: 256 * 1024,
  /** Prompts waiting behind the running turn; the field's number (cloud sessions: 10). */
  queuedPromptsMax: 10,
  /** A request body of the HTTP API. Less than a frame, so that what came in can go out again with its stamps. */
  requestBytesMax: 960 * 1024,
  /** One frame of the channel or of a viewer's stream. Platforms close sockets above 1 MiB with code 1009. */
  frameBytesMax: 1024 * 1024,
  /** One event. Larger tool output is cut with a marker and kept whole on the runner's disk. */
  eventBytesMax: 256 * 1024,
  /** Unacked bytes a runner has under way before it waits for acks, so a server's queue stays bounded. */
  windowBytesMax: 2 * 1024 * 1024,
  /** Unacked bytes on a runner's disk before it stops reading its agent. */
  spoolBytesMax: 256 * 1024 * 1024,
  /** Text chunks of an agent are joined for this long … */
  joinMsMax: 40,
  /** … or up to this size, whichever comes first. */
  joinBytesMax: 4096,
  /** Permissions open at once in one session. */
  permissionsOpenMax: 50,
  /** Tools open at once in one turn, for saying what is waited for. */
  toolsOpenMax: 500,
  /** One page of events. */
  pageEventsMax: 1000,
  pageBytesMax: 900 * 1024,
  /** One page of the session list. */
  pageSessionsMax: 200,
  /** Lines of an agent's stderr that its exit carries. */
  stderrLinesMax: 20,
  stderrLineCharsMax: 500,
  /** Callbacks of one session that are remembered, told or not. */
  callbacksKeptMax: 50,
  callbackDetailCharsMax: 1000,
  titleCharsMax: 200,
  pathCharsMax: 4096,
  urlCharsMax: 2048,
  branchCharsMax: 255,
  commandArgsMax: 64,
  /** A ticket for a stream is single-use and short-lived, because it travels in a URL. */
  ticketMsMax: 60_000,
} as const

/**
 * Every stored deadline of a session in one table, milliseconds. A server may be started with others.
 * Sources: `design/decisions/0003-deadlines.md`.
 */
export const deadlines = {
  /** Preparing a session, from create or wake to the agent being ready: clone and setup commands included. */
  prepareMs: 12 * 60_000,
  /** A runner that was started must dial in within this. */
  dialMs: 30_000,
  /** A lost runner has this long to come back. */
  graceMs: 10_000,
  /** From handing a prompt to the runner to the agent taking it. */
  turnStartMs: 90_000,
  /** No progress while nothing is being waited for. */
  turnQuietMs: 7 * 60_000,
  /** A tool that runs without a sign; until then its turn waits for it. */
  toolMs: 24 * 60 * 60_000,
  /** A whole turn, pauses for people and tools excluded. */
  turnMs: 120 * 60_000,
  /** A permission or question without an answer; then the agent is told that there will be none. */
  permissionMs: 24 * 60 * 60_000,
  /** A prompt in the queue; one older than this is taken back instead of coming as a surprise. */
  queueMs: 7 * 24 * 60 * 60_000,
  /** An agent without a turn; then it is let go until the next prompt. */
  idleMs: 30 * 60_000,
  /** From interrupting a turn to ending it, whatever the agent does. */
  interruptMs: 10_000,
  /** The runner ends the agent's processes when a cancel was not obeyed by then; shorter than `interruptMs`. */
  cancelMs: 6_000,
  /** From the end of a turn to giving its callback up, all attempts included. */
  callbackMs: 24 * 60 * 60_000,
  /** One attempt of a callback, from resolving the name to the status. */
  callbackTryMs: 10_000,
} as const

export type Deadlines = { readonly [Name in keyof typeof deadlines]: number }
