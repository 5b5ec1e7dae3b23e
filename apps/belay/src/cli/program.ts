/** The command line: its words, and how every command ends. What a command does is in `commands/`. */
import { createRequire } from 'node:module'
import { type Resolution, resolutions } from '@belay/protocol'
import { Argument, Command, CommanderError, Option } from 'commander'
import { ApiError, ServerAway } from '@belay/client/webapi'
import { listAgents } from './commands/agent-list.ts'
import { attach, type AttachOptions } from './commands/attach.ts'
import { callbacks, type CallbackOptions } from './commands/callbacks.ts'
import { choice } from './commands/choices.ts'
import { diff, type DiffOptions } from './commands/changes.ts'
import { doctor, type DoctorOptions } from './commands/doctor.ts'
import { list } from './commands/list.ts'
import { log, type LogOptions } from './commands/log.ts'
import {
  type ManageOptions,
  remove,
  type RemoveOptions,
  loginAgent,
  type LoginOptions,
  restartAgent,
  retry,
  type RetryOptions,
  stop,
} from './commands/manage.ts'
import { prompt, type PromptOptions } from './commands/prompt.ts'
import { queue, type QueueOptions } from './commands/queue.ts'
import { resolve, type ResolveOptions } from './commands/resolve.ts'
import { restore, type RestoreOptions } from './commands/restore.ts'
import { run, type RunOptions } from './commands/run.ts'
import { up, type UpOptions } from './commands/up.ts'
import { why } from './commands/why.ts'
import { CliError, exitCodes, exitHelp } from './exit-codes.ts'
import type { World } from './world.ts'

/** @param args without the program's own name. @returns the exit code */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  let code: number = exitCodes.completed
  const json = args.includes('--json')
  const program = build(world, json, (done) => {
    code = done
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    return ended(error, world, json)
  }
}

/** A command's action: it ends with an exit code, or throws. */
type Done = (code: number) => void

const { version }: { version: string } = createRequire(import.meta.url)('../../package.json')

function build(world: World, json: boolean, done: Done): Command {
  const program = new Command('belay')
    .description('Keeps a coding agent’s session alive, visible and recoverable.')
    .addHelpText('after', `\n${exitHelp}`)
    .showHelpAfterError('(see "belay --help")')
    .version(version, '--version', 'say which Belay this is')
    // With `--json` a wrong command line is said by `ended`.
    .configureOutput({
      writeOut: world.out.write,
      writeErr: json ? () => undefined : world.err.write,
    })
    .exitOverride()
  addServerCommands(program, world, done)
  addAgentList(program, world, done)
  addWatchingCommands(program, world, done)
  addSessionCommands(program, world, done)
  addWorkspaceCommands(program, world, done)
  addHiddenCommands(program, done)
  return program
}

function addServerCommands(program: Command, world: World, done: Done): void {
  placed(program.command('up'))
    .description('start the server and print a link that opens the page')
    .option('--port <n>', 'port to listen on; 0 takes any free one', '4747')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--open', 'open the page in a browser')
    .option('--deadline <name=ms>', 'another deadline than the default; may be repeated', collect)
    .option('--min-disk <mib>', 'free space a preparation asks for, MiB (default: 2048)')
    .option('--keep-sessions <days>', 'delete sessions that were idle for longer (default: never)')
    .option('--keep-events <count>', 'keep the last <count> events of each session (default: all)')
    .option('--keep-event-days <days>', 'keep events that are not older (default: all)')
    .option(
      '--allow-private-callbacks',
      'let callbacks go to addresses of this machine and its networks',
    )
    .action(async (options: UpOptions) => done(await up(world, options)))
  placed(program.command('doctor'))
    .description('say what this machine has and what it misses')
    .option('--quick', 'start no agent')
    .action(async (options: DoctorOptions) => done(await doctor(world, options)))
}

function addAgentList(program: Command, world: World, done: Done): void {
  placed(program.command('agents'))
    .description('list the agents that can be named, and what each misses')
    .action(async (options: ManageOptions) => done(await listAgents(world, options)))
}

function addWatchingCommands(program: Command, world: World, done: Done): void {
  watching(program.command('run'))
    .description('start a session with a prompt and watch its turn')
    .argument('<prompt>', 'what the agent is to do; "-" reads it from stdin')
    .option('--file <path>', 'a picture or text file to go with it; may be repeated', collect)
    .option('--dir <folder>', 'folder to work in, used as it is (default: the present one)')
    .option('--worktree [branch]', 'work in a Git worktree of that folder, on a branch of its own')
    .option('--repo <url#branch>', 'repository to clone for the session')
    .option('--branch <name>', 'branch to check out')
    .option('--ref <ref>', 'tag or full ref to check out, such as refs/pull/12/head')
    .option('--work-branch <name>', 'branch to make and work on')
    .option('--shallow', 'clone only the latest commit')
    .option('--setup <line>', 'a setup command, run before the agent; may be repeated', collect)
    .option('--commit', 'commit what a turn changed when it completed')
    .option('--push', 'commit, and push the branch')
    .option('--agent <name>', 'an agent by its name (default: the first that is ready)')
    .option('--command <program>', 'any other ACP agent, by its program')
    .option('--agent-arg <argument>', 'an argument of --command; may be repeated', collect)
    .option('--mode <id>', 'a mode to begin with, of those the agent offers')
    .option('--model <id>', 'a model to begin with, of those the agent offers')
    .option('--go-on', 'let prompts that wait run also after a turn that failed')
    .option('--title <text>', 'a name for the session')
    .action(async (text: string, options: RunOptions) => done(await run(world, text, options)))
  watching(program.command('attach'))
    .description('show a session from its beginning and follow it')
    .argument('<id>', 'a session, by its id or the beginning of it')
    .option('--from <seq>', 'begin at this event')
    .option('--until-idle', 'end when nothing runs and nothing waits')
    .action(async (id: string, options: AttachOptions) => done(await attach(world, id, options)))
  watching(program.command('prompt'))
    .description('send a prompt to a session; it is queued while a turn runs')
    .argument('<id>', 'a session, by its id or the beginning of it')
    .argument('<prompt>', 'what the agent is to do; "-" reads it from stdin')
    .option('--file <path>', 'a picture or text file to go with it; may be repeated', collect)
    .option('--follow', 'watch its turn to the end')
    .option('--steer', 'stop the running turn and run this prompt next')
    .action(async (id: string, text: string, options: PromptOptions) =>
      done(await prompt(world, id, text, options)),
    )
}

const sessionArgument = ['<id>', 'a session, by its id or the beginning of it'] as const

function addSessionCommands(program: Command, world: World, done: Done): void {
  const id = sessionArgument
  placed(program.command('ls'))
    .description('list the sessions, the newest first')
    .action(async (options: ManageOptions) => done(await list(world, options)))
  placed(program.command('log'))
    .description('show the events of a session')
    .argument(...id)
    .option('--from <seq>', 'begin at this event', '1')
    .option('--follow', 'go on with new events')
    .action(async (given: string, options: LogOptions) => done(await log(world, given, options)))
  placed(program.command('why'))
    .description('say what a session waits for, and when each hop was last heard of')
    .argument(...id)
    .action(async (given: string, options: ManageOptions) => done(await why(world, given, options)))
  placed(program.command('queue'))
    .description('list the prompts that wait, or change one of them')
    .argument(...id)
    .option('--move <prompt>', 'move this prompt to the place of --to')
    .option('--to <place>', 'the place it is to have; 1 is next')
    .addOption(new Option('--cancel <prompt>', 'take this prompt back').conflicts('move'))
    .addOption(
      new Option(
        '--edit <prompt...>',
        'give a prompt another text: --edit PROMPT "text"',
      ).conflicts(['move', 'cancel']),
    )
    .addOption(
      new Option('--go-on', 'let the prompts run that wait for a decision about a turn').conflicts([
        'move',
        'cancel',
        'edit',
      ]),
    )
    .action(async (given: string, options: QueueOptions) =>
      done(await queue(world, given, options)),
    )
  placed(program.command('resolve'))
    .description(
      'decide about a turn that failed or is in doubt: continue, send-again or discard (leave it)',
    )
    .argument(...id)
    .addArgument(new Argument('<action>', 'what becomes of it').choices(resolutions))
    .option('--turn <n>', 'which turn (default: the latest that is undecided)')
    .action(async (given: string, action: Resolution, options: ResolveOptions) =>
      done(await resolve(world, given, { ...options, action })),
    )
  placed(program.command('callbacks'))
    .description('list the callbacks of a session')
    .argument(...id)
    .option('--resend <callback>', 'send this one again')
    .action(async (given: string, options: CallbackOptions) =>
      done(await callbacks(world, given, options)),
    )
  placed(program.command('stop'))
    .description('stop the running turn')
    .argument(...id)
    .action(async (given: string, options: ManageOptions) =>
      done(await stop(world, given, options)),
    )
  placed(program.command('rm'))
    .description('delete a session for good; a folder of your own is never touched')
    .argument(...id)
    .option('--discard', 'remove its worktree too, whatever it holds')
    .option('--yes', 'do not ask')
    .action(async (given: string, options: RemoveOptions) =>
      done(await remove(world, given, options)),
    )
}

/** About the workspace of a session: how it is prepared, and what turns did to it. */
function addWorkspaceCommands(program: Command, world: World, done: Done): void {
  const id = sessionArgument
  placed(program.command('retry'))
    .description('try a failed preparation again, with other settings if some are given')
    .argument(...id)
    .option('--agent <name>', 'another agent')
    .option('--setup <line>', 'other setup commands; may be repeated, "" for none', collect)
    .option('--dir <folder>', 'another folder')
    .option('--worktree [branch]', 'in a Git worktree of the folder, on a branch of its own')
    .option('--repo <url#branch>', 'another repository, or the same with another token')
    .option('--branch <name>', 'with --repo: branch to check out')
    .option('--ref <ref>', 'with --repo: tag or full ref to check out')
    .option('--work-branch <name>', 'with --repo: branch to make and work on')
    .option('--shallow', 'with --repo: clone only the latest commit')
    .action(async (given: string, options: RetryOptions) =>
      done(await retry(world, given, options)),
    )
  const agent = program.command('agent').description('about the agent of a session')
  placed(agent.command('restart'))
    .description('end the agent’s process, whatever it does, and start it again')
    .argument(...id)
    .action(async (given: string, options: ManageOptions) =>
      done(await restartAgent(world, given, options)),
    )
  placed(agent.command('login'))
    .description('sign the agent in, by a way that it offers itself')
    .argument(...id)
    .option('--by <method>', 'which way, where it offers several')
    .action(async (given: string, options: LoginOptions) =>
      done(await loginAgent(world, given, options)),
    )
  addChoiceCommands(program, world, done)
  placed(program.command('diff'))
    .description('show what a turn changed in the workspace')
    .argument(...id)
    .option('--turn <n>', 'which turn (default: the last)')
    .action(async (given: string, options: DiffOptions) => done(await diff(world, given, options)))
  placed(program.command('restore'))
    .description('take back what turns did to the workspace; what it holds now is kept')
    .argument(...id)
    .option('--turn <n>', 'which turn')
    .option('--to <when>', 'before or after it (default: before)')
    .option('--undo', 'to how it was before it was put back the last time')
    .option('--dry-run', 'say what goes back and what stays, and change nothing')
    .option('--take <path>', 'put back a file that would stay; may be repeated', collect)
    .option('--take-all', 'put back all that would stay, where that can be')
    .action(async (given: string, options: RestoreOptions) =>
      done(await restore(world, given, options)),
    )
}

function addChoiceCommands(program: Command, world: World, done: Done): void {
  for (const kind of ['mode', 'model'] as const) {
    placed(program.command(kind))
      .description(`list the ${kind}s that the agent of a session offers, or choose one`)
      .argument(...sessionArgument)
      .argument(`[${kind}]`, 'its id')
      .action(async (given: string, wanted: string | undefined, options: ManageOptions) =>
        done(await choice(world, given, { ...options, of: kind, wanted })),
      )
  }
}

/** What the server starts; not for people. */
function addHiddenCommands(program: Command, done: Done): void {
  program.command('runner', { hidden: true }).action(async () => {
    const { runRunnerFromFd3 } = await import('@belay/runner/run')
    done(await runRunnerFromFd3())
  })
  program.command('demo-agent', { hidden: true }).action(async () => {
    const { runDemoAgent } = await import('../demo-agent/index.ts')
    await runDemoAgent()
  })
}

function placed(command: Command): Command {
  return command
    .option('--data <folder>', 'data folder (default: BELAY_DATA or ~/.belay)')
    .option('--url <url>', 'address of the server (default: BELAY_URL or from the data folder)')
    .option('--token <token>', 'token of the server (default: BELAY_TOKEN or from the data folder)')
    .option('--json', 'answer in JSON: one object, or one line for each frame or event')
}

function watching(command: Command): Command {
  return placed(command)
    .addOption(new Option('--yes', 'allow what the agent asks, once each').conflicts('reject'))
    .option('--reject', 'reject what the agent asks')
    .option('--sse', 'follow over server-sent events instead of a WebSocket')
    .addHelpText('after', `\n${exitHelp}`)
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Every way a command can end but by its own code: one sentence, and the code it stands for. */
function ended(error: unknown, world: World, json: boolean): number {
  const say = (sentence: string, problem: object) =>
    world.err.write(`${json ? JSON.stringify({ error: problem }) : sentence}\n`)
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.completed
    if (json) world.err.write(`${JSON.stringify({ error: { message: error.message } })}\n`)
    return exitCodes.usage
  }
  if (error instanceof CliError) {
    say(error.message, { message: error.message })
    return error.exitCode
  }
  if (error instanceof ApiError) {
    say(`${error.message} ${error.problem.action}`, error.problem)
    return exitCodes.failed
  }
  if (error instanceof ServerAway) {
    const message = error.isSilent
      ? `The server does not answer: ${error.message}. Whether it took this is not known; agents go on, so look with "belay ls" in a moment.`
      : `The server went away: ${error.message}. Agents go on without it; "belay up" starts it again.`
    say(message, { message })
    return exitCodes.away
  }
  throw error
}
