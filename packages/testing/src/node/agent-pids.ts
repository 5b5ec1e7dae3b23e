/** The agent's processes of a runner, as the system knows them. */
import { readdirSync, readFileSync } from 'node:fs'

/** Every process that descends from the runner, the agent among them. Linux only: elsewhere a test says so. */
export function agentPids(runner: number): number[] {
  if (process.platform !== 'linux')
    throw new Error('agent processes are looked up in /proc, which only Linux has')
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(name)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    for (const child of children.get(pid) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(runner)
  return found
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // It ended while we looked.
  }
}
