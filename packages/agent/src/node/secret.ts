/**
 * Reads the secrets that an agent's settings name, at the moment it is started. They go into its environment and nowhere else.
 *
 * Invariants:
 * - A-81 What is told of a secret is its name and its place; its value is in no sentence.
 */
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { McpServer, Value } from '@belay/protocol'

export type Environment = Readonly<Record<string, string | undefined>>
/** As ACP's `session/new` takes it, secrets and all. */
export type ResolvedMcpServer =
  | {
      readonly name: string
      readonly command: string
      readonly args: readonly string[]
      readonly env: readonly Pair[]
    }
  | {
      readonly type: 'http'
      readonly name: string
      readonly url: string
      readonly headers: readonly Pair[]
    }
interface Pair {
  readonly name: string
  readonly value: string
}

/** A key is a line; what is longer is another file. */
const secretBytesMax = 64 * 1024

/** What an agent is started with, by its settings. */
export interface Lent {
  readonly env: Environment
  readonly mcpServers: readonly ResolvedMcpServer[]
  /** The values that were named and not written: nobody but the agent may see them. */
  readonly secrets: readonly string[]
}
interface Settings {
  readonly env?: Readonly<Record<string, Value>> | undefined
  readonly mcpServers?: readonly McpServer[] | undefined
}

/** @throws an error whose message is one sentence, when a secret is not where it was said to be */
export function readSettings({ env: own = {}, mcpServers = [] }: Settings, env: Environment): Lent {
  const named = [
    own,
    ...mcpServers.map((server) => ('command' in server ? server.env : server.headers)),
  ]
  const secrets = named.flatMap((values) =>
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' ? [] : [readValue(name, value, env)],
    ),
  )
  return {
    env: { ...env, ...readValues(own, env) },
    mcpServers: readServers(mcpServers, env),
    secrets,
  }
}

/** @throws an error whose message is one sentence, when a secret is not where it was said to be */
export function readValues(
  values: Readonly<Record<string, Value>>,
  env: Environment,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, readValue(name, value, env)]),
  )
}

export function readServers(
  servers: readonly McpServer[],
  env: Environment,
): readonly ResolvedMcpServer[] {
  return servers.map((server) =>
    'command' in server
      ? { ...server, env: pairs(readValues(server.env, env)) }
      : { ...server, headers: pairs(readValues(server.headers, env)) },
  )
}

function pairs(values: Readonly<Record<string, string>>): readonly Pair[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

function readValue(name: string, value: Value, env: Environment): string {
  if (typeof value === 'string') return value
  if ('env' in value) {
    const found = env[value.env]
    if (found !== undefined && found !== '') return found
    throw new Error(
      `${name} is to come from the variable ${value.env}, which is not set where the server runs: set it and start the server again.`,
    )
  }
  const path = value.file.startsWith('~/')
    ? join(env['HOME'] ?? homedir(), value.file.slice(2))
    : value.file
  try {
    if (statSync(path).size <= secretBytesMax) return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new Error(
      `${name} is to come from the file ${value.file}, which cannot be read${code}.`,
      { cause: error },
    )
  }
  throw new Error(
    `${name} is to come from the file ${value.file}, which is too large for a secret.`,
  )
}
