/**
 * How fast a host makes events durable: a counter actor on node:sqlite, beside a plain loop that writes the same bytes
 * to a file in the same folder and syncs it as often. Disks are noisy, so only the ratio of the two means something.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHost, type Host, type Storage } from '@belay/host'
import { nodeTime, openNodeStorage } from '@belay/host/node'
import {
  counter,
  type CounterInput,
  type CounterReply,
  type CounterState,
} from '../packages/host/src/toy-counter.ts'

interface Load {
  readonly actors: number
  /** Events each actor has under way. */
  readonly window: number
  /** Events per second of all actors together; without it as many as possible. */
  readonly rate?: number
}

interface Times {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

interface Measured {
  readonly acks: Times
  readonly commits: Times
  readonly raw: Times
  readonly eventsPerCommit: number
}

const seconds = 2
const eventBytes = 300
const loads: readonly Load[] = [
  { actors: 1, window: 1 },
  { actors: 1, window: 64 },
  { actors: 16, window: 64 },
  { actors: 64, window: 64 },
  { actors: 100, window: 64 },
  { actors: 100, window: 64, rate: 2000 },
]

export async function store(folder: string): Promise<void> {
  print([
    'actors',
    'under way',
    'events/s',
    'raw/s',
    'ratio',
    'ack p50',
    'p99',
    'commit p50',
    'p99',
    'raw p50',
    'p99',
    'events/commit',
  ])
  for (const [index, load] of loads.entries())
    report(load, await measure(load, join(folder, String(index))))
}

async function measure(load: Load, path: string): Promise<Measured> {
  const commitMs: number[] = []
  const storage = timed(openNodeStorage({ folder: path }), commitMs)
  const host = createHost<CounterState, CounterInput, object, CounterReply>({
    ...nodeTime(),
    actor: counter,
    storage,
    perform: () => {},
    onActorStopped: fail,
    onStop: fail,
  })
  host.start()
  await drive(host, load, 0.3)
  commitMs.length = 0
  const began = performance.now()
  const ackMs = await drive(host, load, seconds)
  const took = performance.now() - began
  host.stop()
  const eventsPerCommit = ackMs.length / commitMs.length
  const raw = rawLoop(join(path, 'raw'), Math.round(eventsPerCommit) * eventBytes)
  return {
    acks: times(ackMs, took),
    commits: times(commitMs, took),
    raw: times(raw.ms, raw.took),
    eventsPerCommit,
  }
}

function fail(error: unknown): never {
  throw error
}

function timed(storage: Storage, commitMs: number[]): Storage {
  const commit = storage.commit.bind(storage)
  storage.commit = (writes) => {
    const began = performance.now()
    commit(writes)
    commitMs.push(performance.now() - began)
  }
  return storage
}

/** @returns the milliseconds from each submit to its reply */
async function drive(
  host: Host<CounterState, CounterInput, CounterReply>,
  { actors, window, rate }: Load,
  forSeconds: number,
): Promise<number[]> {
  const ms: number[] = []
  const end = performance.now() + forSeconds * 1000
  const text = 'x'.repeat(eventBytes - 40)

  async function submit(id: string): Promise<void> {
    const began = performance.now()
    await host.submit(id, { type: 'add', amount: 1, text })
    ms.push(performance.now() - began)
  }

  async function saturate(id: string): Promise<void> {
    while (performance.now() < end) await submit(id)
  }

  async function pace(perSecond: number): Promise<void> {
    const began = performance.now()
    const sent: Promise<void>[] = []
    while (performance.now() < end) {
      const due = ((performance.now() - began) / 1000) * perSecond
      while (sent.length < due) sent.push(submit(`actor-${sent.length % actors}`))
      await sleep(1)
    }
    await Promise.all(sent)
  }

  if (rate !== undefined) await pace(rate)
  else {
    const all = Array.from({ length: actors * window }, (_, index) =>
      saturate(`actor-${index % actors}`),
    )
    await Promise.all(all)
  }
  return ms
}

/** Writes and syncs as many bytes at a time as one commit held. */
function rawLoop(path: string, bytes: number): { readonly ms: number[]; readonly took: number } {
  const file = openSync(path, 'w')
  const buffer = Buffer.alloc(bytes, 'x')
  const ms: number[] = []
  const start = performance.now()
  const end = start + (seconds * 1000) / 2
  let now = start
  while (now < end) {
    writeSync(file, buffer)
    fdatasyncSync(file)
    const then = performance.now()
    ms.push(then - now)
    now = then
  }
  closeSync(file)
  return { ms, took: now - start }
}

function times(ms: number[], took: number): Times {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { perSecond: (ms.length / took) * 1000, p50: at(0.5), p99: at(0.99) }
}

function report(load: Load, { acks, commits, raw, eventsPerCommit }: Measured): void {
  const rawEvents = raw.perSecond * Math.round(eventsPerCommit)
  const under = load.rate === undefined ? String(load.window) : `${load.rate}/s`
  print([
    String(load.actors),
    under,
    acks.perSecond.toFixed(0),
    rawEvents.toFixed(0),
    (acks.perSecond / rawEvents).toFixed(2),
    ...[acks.p50, acks.p99, commits.p50, commits.p99, raw.p50, raw.p99].map((ms) => ms.toFixed(2)),
    eventsPerCommit.toFixed(1),
  ])
}

function print(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(10)).join(' ')}\n`)
}
