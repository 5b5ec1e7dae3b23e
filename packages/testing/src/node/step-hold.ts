/**
 * Steps of a preparation that stand still until they are let go: a slow disk, git or agent, held at an exact place, so that
 * a kill or a delete can be shown to have hit it.
 *
 * Owns: the folder whose files say what is held. A step is held for one session, by the session's id: it is found in the
 * arguments and paths that the step works on.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PreparationStep } from '@belay/protocol'
import { temporaryFolder } from './temporary-folder.ts'

export interface StepHold {
  /** To be given to the server: its runners, their git and their disk then mind what is held. */
  readonly env: Readonly<Record<string, string>>
  /** A setup command that ends once `setup` of this session is not held. */
  setup(session: string): string
  /** The command line of an agent that starts, and opens its session, once that is not held. */
  agent(
    session: string,
    command: string,
    args: readonly string[],
  ): { readonly command: string; readonly args: string[] }
  hold(session: string, step: PreparationStep): void
  release(session: string, step: PreparationStep): void
}

export function stepHold(): StepHold {
  const folder = temporaryFolder('hold')
  const file = (session: string, step: PreparationStep) => join(folder, `${session}.${step}`)
  const bin = temporaryFolder('bin')
  writeFileSync(join(bin, 'git'), heldGit(folder), { mode: 0o700 })
  const disk = join(bin, 'disk.mjs')
  writeFileSync(disk, heldDisk(folder))
  const agent = join(bin, 'agent.mjs')
  writeFileSync(agent, heldAgent)
  return {
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      NODE_OPTIONS: `--import=${disk}`,
    },
    setup: (session) =>
      `echo waiting; while [ -e '${file(session, 'setup')}' ]; do sleep 0.05; done`,
    agent: (session, command, args) => ({
      command: process.execPath,
      args: [agent, file(session, 'agent-start'), file(session, 'agent-session'), command, ...args],
    }),
    hold: (session, step) => writeFileSync(file(session, step), ''),
    release: (session, step) => rmSync(file(session, step), { force: true }),
  }
}

/** Git that waits before the step it belongs to: told by its arguments and by the repository it is given. */
function heldGit(folder: string): string {
  return `#!/bin/sh
all="$* $GIT_DIR"
step=
case "$all" in
  *checkpoints.git*) step=first-prompt ;;
  *' checkout '*' -b '*) step=branch ;;
  *' checkout '*) step=clone ;;
  *'clone '*) step=clone ;;
esac
for held in '${folder}'/*."$step"; do
  session=\${held##*/}; session=\${session%.*}
  case "$all" in *"$session"*) while [ -e "$held" ]; do sleep 0.05; done ;; esac
done
PATH=\${PATH#*:}
exec git "$@"
`
}

/** A disk that does not answer, in every Node process it is preloaded into: \`statfs\` of the first step, \`rm\` of the second. */
function heldDisk(folder: string): string {
  return `import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
const held = (path, step) =>
  fs.readdirSync(${JSON.stringify(folder)}).some((name) => name.endsWith('.' + step) && path.includes(name.slice(0, -step.length - 1)))
for (const [name, step] of [['statfs', 'disk'], ['rm', 'workspace']]) {
  const real = fs.promises[name]
  fs.promises[name] = async (path, ...rest) => {
    while (String(path).includes('workspaces') && held(String(path), step)) await sleep(20)
    return real(path, ...rest)
  }
}
syncBuiltinESMExports()
`
}

/** Stands between a runner and an agent: holds the start, and the line that opens or restores the agent's session. */
const heldAgent = `import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
const [startFile, sessionFile, command, ...args] = process.argv.slice(2)
while (existsSync(startFile)) await sleep(20)
const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] })
child.on('exit', (code, signal) => signal ? process.kill(process.pid, signal) : process.exit(code ?? 1))
for await (const line of createInterface({ input: process.stdin })) {
  if (/"method":"session\\/(new|load|resume)"/.test(line)) while (existsSync(sessionFile)) await sleep(20)
  child.stdin.write(line + '\\n')
}
child.stdin.end()
`
