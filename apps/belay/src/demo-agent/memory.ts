/**
 * The demo agent's own memory of its conversations: one small JSON file each, so that `session/load` and
 * `session/resume` are real.
 *
 * Owns: the folder, `belay-demo` below the state folder of the person. It keeps the newest conversations only.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const conversationSchema = z.object({
  turns: z.array(z.object({ prompt: z.string(), answer: z.string() })),
})
export type Conversation = z.infer<typeof conversationSchema>

const conversationsMax = 100
const turnsMax = 50
const charsMax = 4000

/** @returns `undefined` when there is none */
export function recall(id: string): Conversation | undefined {
  if (!/^demo-[\w-]+$/.test(id)) return undefined
  try {
    return conversationSchema.parse(JSON.parse(readFileSync(fileOf(id), 'utf8')))
  } catch {
    return undefined
  }
}

/** Keeps a conversation, cut to a bounded size, in place of what was kept of it. */
export function remember(id: string, conversation: Conversation): void {
  const turns = conversation.turns.slice(-turnsMax).map(({ prompt, answer }) => ({
    prompt: prompt.slice(0, charsMax),
    answer: answer.slice(0, charsMax),
  }))
  mkdirSync(folder(), { recursive: true, mode: 0o700 })
  const file = fileOf(id)
  writeFileSync(`${file}.new`, JSON.stringify({ turns }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  forgetOldest()
}

function forgetOldest(): void {
  const files = readdirSync(folder()).map((name) => join(folder(), name))
  if (files.length <= conversationsMax) return
  const oldest = files
    .toSorted((one, other) => age(one) - age(other))
    .slice(0, files.length - conversationsMax)
  for (const file of oldest) rmSync(file, { force: true })
}

function age(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function folder(): string {
  const state = process.env['XDG_STATE_HOME'] ?? ''
  return join(state === '' ? join(homedir(), '.local', 'state') : state, 'belay-demo')
}

function fileOf(id: string): string {
  return join(folder(), `${id}.json`)
}
