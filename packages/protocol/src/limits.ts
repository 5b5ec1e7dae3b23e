/** Every limit of the wire in one table. Units last. Whoever refuses an input names the limit it broke. */
export const limits = {
  /** One prompt's text. Larger than what people paste; far below what an agent takes. */
  promptBytesMax: 256 * 1024,
  /** Attachments of one prompt, and their bytes together: with the longest text they still fit into one request. */
  attachedFilesMax: 8,
  attachmentsBytesMax: 512 * 1024,
  /** Prompts waiting behind the running turn; the field's number (cloud sessions: 10). */
  queuedPromptsMax: 10,
  /** Turns to be decided about that a session names; what is beyond them is counted. */
  undecidedTurnsMax: 20,
  /** Why a turn ended, as lists say it. */
  whyEndedCharsMax: 300,
  /** A request body of the HTTP API. Less than a frame, so that what came in can go out again with its stamps. */
  requestBytesMax: 960 * 1024,
  /** One frame of the channel or of a viewer's stream. Platforms close sockets above 1 MiB with code 1009. */
  frameBytesMax: 1024 * 1024,
  /** One event. Larger tool output is cut, with a marker that says how much is missing. */
  eventBytesMax: 256 * 1024,
  /** Lists and objects inside each other in any JSON that comes from outside: what people and tools write has a dozen. */
  jsonLevelsMax: 100,
  /** Unacked bytes a runner has under way before it waits for acks, so a server's queue stays bounded. */
  windowBytesMax: 2 * 1024 * 1024,
  /** Unacked bytes on a runner's disk before it stops reading its agent. */
  spoolBytesMax: 256 * 1024 * 1024,
  /** Room a runner keeps on its disk for its last words: one event of the largest, what is joined, and the end of a turn. */
  spoolReserveBytesMax: 512 * 1024,
  /** Text chunks of an agent are joined for this long … */
  joinMsMax: 40,
  /** … or up to this size, whichever comes first. */
  joinBytesMax: 4096,
  /** Words of an agent so long after the end of its turn still belong to it, unless the next was handed over. */
  lateWordsMsMax: 2000,
  /** Permissions open at once in one session. */
  permissionsOpenMax: 50,
  /** All of them together: they are told again with each change of the session's state. */
  permissionsBytesMax: 256 * 1024,
  /** What is asked, in words; some agents put a whole command line there. */
  permissionTitleCharsMax: 4000,
  /** An agent's own id of a conversation. */
  agentSessionCharsMax: 1000,
  /** Tools open at once in one turn, for saying what is waited for. */
  toolsOpenMax: 500,
  /** One page of events. */
  pageEventsMax: 1000,
  pageBytesMax: 900 * 1024,
  /** Sessions of one server that are not deleted. Its list and its start were measured with 10,000. */
  sessionsKeptMax: 50_000,
  /** Streams open at once, of people and programs; a page has two. Fan-out was measured with 100 of one session. */
  viewersOpenMax: 2000,
  /** Sockets open at once, whoever holds them. Below what a system lets a process open; runners come in beyond it. */
  socketsOpenMax: 4000,
  /** One page of the session list. */
  pageSessionsMax: 200,
  /** Lines of an agent's stderr that its exit carries. */
  stderrLinesMax: 20,
  stderrLineCharsMax: 500,
  /** What an agent's connection says beyond its one sentence: the last words of a process. */
  agentDetailCharsMax: 2000,
  /** Modes, models or commands that an agent offers; some offer every model of every provider. */
  agentChoicesMax: 200,
  /** Ways to sign in that an agent names; those known name up to five. */
  signInChoicesMax: 10,
  signInNameCharsMax: 100,
  agentVariablesMax: 64,
  mcpServersMax: 20,
  choiceIdCharsMax: 200,
  choiceNameCharsMax: 200,
  choiceDescriptionCharsMax: 300,
  /** Callbacks of one session that are remembered, told or not. */
  callbacksKeptMax: 50,
  callbackDetailCharsMax: 1000,
  titleCharsMax: 200,
  pathCharsMax: 4096,
  urlCharsMax: 2048,
  branchCharsMax: 255,
  /** The user name beside a token: at most an address of mail. */
  gitUserCharsMax: 254,
  /** A token for a repository. The longest in use are JWTs of about 2 KiB. */
  tokenCharsMax: 8192,
  /** Setup commands of one session, each a line of shell. The cloud agents of the field take one script; twenty are one. */
  setupLinesMax: 20,
  setupCharsMax: 4096,
  /** The last of a command's output that its step carries: what a person reads of a failure. */
  tailBytesMax: 8192,
  /** The same of a command that went well, once the next has begun. */
  tailKeptBytesMax: 1024,
  /** A commit's message. */
  commitCharsMax: 4000,
  /** Free space a preparation asks for, unless the server was started with another. A clone and its dependencies fit. */
  diskFreeBytesMin: 2 * 1024 * 1024 * 1024,
  /** New or changed files that one checkpoint may take in; a folder with more is no project, or misses a `.gitignore`. */
  checkpointBytesMax: 1024 * 1024 * 1024,
  checkpointFilesMax: 100_000,
  /** Turns whose checkpoints are kept, the latest. */
  checkpointTurnsMax: 200,
  /** What a turn changed, as one event carries it: the patch, and the list of files beside it. */
  patchBytesMax: 200 * 1024,
  changedFilesBytesMax: 32 * 1024,
  /** Sentences beside a turn's changes or a restore; the last says how many more there are. */
  notesMax: 20,
  /** What a restore would do, as one report carries it: files that go back, and files that stay, each. */
  plannedFilesBytesMax: 64 * 1024,
  /** Files that stay which one restore may be told to put back by name. */
  restoreTakenMax: 1000,
  /** Sessions in the same folder that one session names. */
  sharedSessionsMax: 10,
  commandArgsMax: 64,
  /** A ticket for a stream is single-use and short-lived, because it travels in a URL. */
  ticketMsMax: 60_000,
} as const

/**
 * Every deadline of a session in one table, milliseconds. A server may be started with others. The session stores its
 * own; those of `stepBounds` are kept by the runner, and the session's `prepareMs` stands behind each.
 * Sources: `design/decisions/0003-deadlines.md`.
 */
export const deadlines = {
  /** Preparing a session, from create, wake or the beginning of the latest step. Longer than any step's own bound. */
  prepareMs: 12 * 60_000,
  /** Looking at the disk and the workspace's folder. Only a network's file system takes longer than a moment. */
  workspaceMs: 10_000,
  /** A clone, all its tries. Six minutes were too few for large repositories on slow lines. */
  cloneMs: 10 * 60_000,
  /** Checking out the branch to work on. Local, but a large tree is written. */
  branchMs: 2 * 60_000,
  /** One setup command: an installation of dependencies with nothing cached. */
  setupMs: 10 * 60_000,
  /** From starting an agent's process to its first answer: on slow machines they take half of it. */
  agentStartMs: 60_000,
  /** Opening or restoring the agent's own session: it may replay a long conversation. */
  agentSessionMs: 5 * 60_000,
  /** One checkpoint of the workspace. Two fit into `turnStartMs`: the one after the last turn, and the one before the next. */
  checkpointMs: 30_000,
  /** Putting the workspace back to a checkpoint. */
  restoreMs: 2 * 60_000,
  /** Committing and pushing what a turn changed. Shorter than `turnQuietMs`: its turn is silent meanwhile. */
  finishMs: 2 * 60_000,
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

/** Deadlines that the runner keeps. */
export const stepBounds = [
  'workspaceMs',
  'cloneMs',
  'branchMs',
  'setupMs',
  'agentStartMs',
  'agentSessionMs',
  'checkpointMs',
  'restoreMs',
  'finishMs',
] as const
export type StepBounds = Pick<Deadlines, (typeof stepBounds)[number]>

export type Deadlines = { readonly [Name in keyof typeof deadlines]: number }
