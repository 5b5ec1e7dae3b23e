/** What an agent is started with besides its command line. A secret is said by where it is, never by what it is. */
import { z } from 'zod'
import { limits } from './limits.ts'

const variableName = z
  .string()
  .max(limits.pathCharsMax)
  .regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of a variable: letters, digits and _' })

/** Where a secret is: in a variable of the server's environment, or in a file of its machine. Read at each start. */
export const secretSchema = z
  .union([
    z.strictObject({ env: variableName }),
    z.strictObject({
      file: z
        .string()
        .min(1)
        .max(limits.pathCharsMax)
        .regex(/^(?:\/|~\/|[A-Za-z]:[\\/])/, {
          error: 'must be an absolute path, or begin with ~/',
        }),
    }),
  ])
  .meta({ id: 'Secret' })
export type Secret = z.infer<typeof secretSchema>

/** Plain text is shown and stored as it is. */
const valueSchema = z.union([z.string().max(limits.tokenCharsMax), secretSchema])
export type Value = z.infer<typeof valueSchema>

const environmentSchema = z
  .record(variableName, valueSchema)
  .refine((variables) => Object.keys(variables).length <= limits.agentVariablesMax, {
    error: `must have at most ${limits.agentVariablesMax} variables`,
  })

const serverName = z.string().min(1).max(limits.choiceNameCharsMax)
/** A server of tools that the agent is to use (Model Context Protocol). */
export const mcpServerSchema = z
  .union([
    z.strictObject({
      name: serverName,
      command: z.string().min(1).max(limits.pathCharsMax),
      args: z.array(z.string().max(limits.pathCharsMax)).max(limits.commandArgsMax).default([]),
      env: environmentSchema.default({}),
    }),
    z.strictObject({
      type: z.literal('http'),
      name: serverName,
      url: z.url({ protocol: /^https?$/ }).max(limits.urlCharsMax),
      headers: z.record(z.string().min(1).max(200), valueSchema).default({}),
    }),
  ])
  .meta({ id: 'McpServer' })
export type McpServer = z.infer<typeof mcpServerSchema>

export const agentProtocols = ['acp', 'http-sse'] as const
export const agentProtocolSchema = z.enum(agentProtocols)
export type AgentProtocol = z.infer<typeof agentProtocolSchema>

/** All optional, and the same wherever an agent is named. */
export const agentSettings = {
  env: environmentSchema.optional().meta({
    description: 'Added to the environment of the agent. Plain text is shown; a secret is named.',
  }),
  cwd: z
    .string()
    .min(1)
    .max(limits.pathCharsMax)
    .regex(/^(?![\\/]|[A-Za-z]:|~)(?!(?:.*[\\/])?\.\.(?:[\\/]|$))/, {
      error: 'must be a folder inside the workspace, without ".."',
    })
    .optional()
    .meta({ description: 'A folder of the workspace to work in, instead of its top.' }),
  mcpServers: z.array(mcpServerSchema).max(limits.mcpServersMax).optional(),
  mode: z.string().min(1).max(limits.choiceIdCharsMax).optional(),
  model: z.string().min(1).max(limits.choiceIdCharsMax).optional(),
}
