/** Every number of talking to an agent server, with its unit and why it is what it is. */

export interface ServerPolicy {
  /** From the listening line to the first event of the stream. A server that accepts and never answers is found here. */
  readonly attachMs: number
  /** One request. A prompt is admitted in 50 ms; a session's messages may be megabytes. */
  readonly requestMs: number
  /** Silence after which the server is asked whether it lives: it beats every 10 s by itself. */
  readonly silenceMs: number
  /** An answer to that question. */
  readonly probeMs: number
  /** Before the second and the third probe. After the third the server is hung: at most 27 s after its last sign. */
  readonly probeWaitsMs: readonly number[]
  /** Before the stream is opened again: the first wait, doubled up to the last, each with jitter. */
  readonly reopenMsMin: number
  readonly reopenMsMax: number
  /** Our own clock this much late, or moved: the machine slept or was busy, and nobody's silence is judged. */
  readonly lagMsMax: number
  /** An end that was said before the last words of its answer waits this long for them. */
  readonly lastWordsMs: number
  /** One event. A file of some megabytes in a diff is real, more is a fault. */
  readonly eventBytesMax: number
}

export const serverPolicy: ServerPolicy = {
  attachMs: 15_000,
  requestMs: 30_000,
  silenceMs: 14_000,
  probeMs: 3000,
  probeWaitsMs: [1000, 2000],
  reopenMsMin: 250,
  reopenMsMax: 5000,
  lagMsMax: 1000,
  lastWordsMs: 1000,
  eventBytesMax: 64 * 1024 * 1024,
}
