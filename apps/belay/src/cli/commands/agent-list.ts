/** `belay agents`: every agent that can be named, with what is known of it and what it misses. */
import { exitCodes } from '../exit-codes.ts'
import { connect } from '../place.ts'
import type { World } from '../world.ts'
import { howToGet } from './agents.ts'
import type { ManageOptions } from './manage.ts'

export async function listAgents(world: World, options: ManageOptions): Promise<number> {
  const client = await connect(world, options)
  const answer = await client.call('agents', {})
  if (options.json === true) {
    world.out.write(`${JSON.stringify(answer)}\n`)
    return exitCodes.completed
  }
  const { agents, problems = [] } = answer
  const width = Math.max(0, ...agents.map(({ name }) => name.length))
  for (const agent of agents) {
    const { name, title, version, protocol = 'acp', capabilities = [], demo, missing } = agent
    const what = [version === undefined ? title : `${title} ${version}`, protocol, ...capabilities]
    const state = !agent.found
      ? `not found${howToGet(agent)}`
      : missing.length > 0
        ? `misses ${missing.join('; ')}`
        : demo
          ? 'ready, DEMO'
          : 'ready'
    world.out.write(`${name.padEnd(width)}  ${state}  (${what.join(', ')})\n`)
  }
  for (const problem of problems) world.err.write(`${problem}\n`)
  return problems.length > 0 ? exitCodes.failed : exitCodes.completed
}
