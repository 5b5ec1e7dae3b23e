/** Every span, budget and back-off of a connection in one object. Milliseconds where the name ends in `Ms`. */

export interface ConnectionPolicy {
  /** From wanting a process to its answer to the handshake. */
  readonly startMs: number
  /** A sign of a server that is on its way moves the end of `startMs` to this long after it … */
  readonly startSignMs: number
  /** … and never past this, from wanting the process. */
  readonly startMsMax: number
  /** A start that takes longer says so. */
  readonly slowMs: number
  /** From that answer to an open conversation. */
  readonly attachMs: number
  /** Back-off before the first, second, … restart by itself; the last one holds for all further ones. */
  readonly backoffMs: readonly number[]
  /** A back-off is drawn from the upper part of its span: at least this share of it. */
  readonly jitterFrom: number
  /** Losses within `windowMs` that are made good by themselves; the next one within it is the end of that. */
  readonly lossesMax: number
  readonly windowMs: number
  /** The same over a longer time: a crash each minute passes every short window for ever. */
  readonly longLossesMax: number
  readonly longWindowMs: number
  /** A life shorter than this that never became ready … */
  readonly startDeathMs: number
  /** … so often in a row and in the same way is how it always ends. */
  readonly startDeathsMax: number
  /** Ready for this long sets the back-off back to its first step; never the windows. */
  readonly stableMs: number
  /** From closing the input to SIGTERM for the group. */
  readonly stopInputMs: number
  /** From SIGTERM to SIGKILL for all. */
  readonly stopTermMs: number
  /** The same when a person waits for another process: nobody needs the old one's last words. */
  readonly hurriedTermMs: number
  /** From SIGKILL to giving the process up as one the system does not let go of. */
  readonly stopKillMs: number
  /** One question for a sign of life of a process whose stream is lost. */
  readonly probeMs: number
  /** Between a failed one and the next. */
  readonly probeRetryMs: readonly number[]
  /** Between two that were answered while the stream is still away. */
  readonly probeAgainMs: number
  /** Unanswered in a row: the process hangs. */
  readonly probesMax: number
  /** A deadline that is noticed so much too late says something about us, and nothing about the agent … */
  readonly lateMsMax: number
  /** … which then has this long from now. */
  readonly afterLateMs: number
}

/**
 * Reasons:
 * - `startMs`, `attachMs`: 10 to 15 s were too short behind virus scanners and wrappers, 30 s is complained about on slow
 *   machines; a load of a long conversation takes minutes.
 * - `startSign…`, `startMsMax`: a server that still prints lines migrates or compiles; one that prints them for ever does not
 *   start.
 * - `slowMs`: before a person begins to doubt; the agents here need 0.3 to 4 s.
 * - `backoffMs`: the first crash is nearly invisible, a loop is slow.
 * - `lossesMax`, `windowMs`: what language clients do in editors, to which `longLossesMax` adds a crash each minute.
 * - `startDeath…`: a program that cannot run says so twice in the same way.
 * - `stop…`: the agents that obey the end of their input do so within 0.25 s, one takes 2 s; all obey SIGTERM within
 *   0.15 s. Ending is over well before a session's `interruptMs` (10 s) less the runner's `cancelMs` (6 s).
 * - `probe…`: 3 + 1 + 3 + 2 + 3 s: a process that hangs is known to within 12 s of its stream's loss.
 * - `late…`: a laptop that slept, a debugger, a machine with too much to do.
 */
export const connectionPolicy: ConnectionPolicy = {
  startMs: 60_000,
  startSignMs: 15_000,
  startMsMax: 120_000,
  slowMs: 5000,
  attachMs: 300_000,
  backoffMs: [250, 1000, 2000, 4000, 8000],
  jitterFrom: 0.5,
  lossesMax: 4,
  windowMs: 180_000,
  longLossesMax: 10,
  longWindowMs: 3_600_000,
  startDeathMs: 2000,
  startDeathsMax: 2,
  stableMs: 60_000,
  stopInputMs: 1000,
  stopTermMs: 1500,
  hurriedTermMs: 500,
  stopKillMs: 2000,
  probeMs: 3000,
  probeRetryMs: [1000, 2000],
  probeAgainMs: 15_000,
  probesMax: 3,
  lateMsMax: 1000,
  afterLateMs: 5000,
}
