/**
 * The file in which a person adds agents, and settings to the known ones.
 *
 * Invariants:
 * - A-80 An entry that is wrong is left out, and told with its name, its field and what was expected; the others hold.
 */
import { agentProtocolSchema, agentSettings, limits } from '@belay/protocol'
import { z } from 'zod'

const entrySchema = z.strictObject({
  title: z.string().min(1).max(limits.titleCharsMax).optional(),
  command: z.string().min(1).max(limits.pathCharsMax).optional(),
  args: z.array(z.string().max(limits.pathCharsMax)).max(limits.commandArgsMax).optional(),
  protocol: agentProtocolSchema.optional(),
  ...agentSettings,
})
export type AgentEntry = z.infer<typeof entrySchema>

export interface AgentsFile {
  readonly entries: Readonly<Record<string, AgentEntry>>
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[]
}

const nameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._-]*$/)
const fileSchema = z.strictObject({ agents: z.record(z.string(), z.unknown()) })

/** @param known names that need no command @param path of the file, for what is said about it */
export function parseAgentsFile(text: string, path: string, known: readonly string[]): AgentsFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return none(`${path} is not JSON (${why}), so none of its agents is known: correct it.`)
  }
  const file = fileSchema.safeParse(value)
  if (!file.success)
    return none(`${path} must be {"agents": {NAME: {…}}}: ${firstIssue(file.error)}.`)
  const entries: Record<string, AgentEntry> = {}
  const problems: string[] = []
  for (const [name, raw] of Object.entries(file.data.agents)) {
    const problem = nameSchema.safeParse(name).success
      ? readEntry(entries, { name, raw, known })
      : 'its name must be lower-case letters, digits, ".", "_" or "-"'
    if (problem !== undefined)
      problems.push(`${path}: the agent "${name}" is left out: ${problem}.`)
  }
  return { entries, problems }
}

function readEntry(
  entries: Record<string, AgentEntry>,
  { name, raw, known }: { name: string; raw: unknown; known: readonly string[] },
): string | undefined {
  const parsed = entrySchema.safeParse(raw)
  if (!parsed.success) return firstIssue(parsed.error)
  const { command, args, protocol } = parsed.data
  if (command === undefined && !known.includes(name))
    return `"command" is missing, and it is none of the known agents (${known.join(', ')})`
  if (command === undefined && (args !== undefined || protocol !== undefined))
    return '"args" and "protocol" belong to a "command"'
  entries[name] = parsed.data
  return undefined
}

/** The first thing wrong. It never repeats a value: that may be a secret in the wrong place. */
function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  const field = issue?.path.join('.') ?? ''
  return `${field === '' ? '' : `"${field}": `}${(issue?.message ?? 'not readable').replace(/^Invalid input: /, '')}`
}

function none(problem: string): AgentsFile {
  return { entries: {}, problems: [problem] }
}
