/**
 * Makes a checkout ready to run: packages installed, Node 24 there, the page built. Done once, and again when what it
 * was made from has changed; else it costs a few milliseconds.
 *
 * It runs before anything is installed, so it is plain JavaScript for Node 20.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const nodeMajorMin = 24
const launcherMajorMin = 20
const stamps = join(root, 'node_modules/.cache/belay')

/** A reason not to go on that a person can act on. */
export class SetupError extends Error {}

/**
 * Installs what `npm start` ('run') or `npm test` ('test', which holds 'run') needs, unless it is there.
 * @param {'run' | 'test'} level
 * @throws {SetupError}
 */
export async function ensureInstalled(level) {
  if (major(process.versions.node) < launcherMajorMin) {
    throw new SetupError(
      `Belay needs Node ${launcherMajorMin} or newer to start; this is ${process.version}.`,
    )
  }
  const hash = hashOf(manifests())
  const stamp = readStamp('installed')
  const enough = stamp?.level === 'test' || stamp?.level === level
  if (stamp?.hash === hash && enough && nodePath() !== undefined) return
  // A checkout that people develop in, installed by hand perhaps, is never cut down to what the server needs.
  const wanted = existsSync(join(root, 'node_modules/vitest')) ? 'test' : level
  await step(wanted === 'run' ? 'Installing what Belay needs' : 'Installing packages', () =>
    install(wanted),
  )
  verifyNode()
  writeStamp('installed', { hash, level: wanted })
}

/**
 * Builds the page unless it is built from these sources.
 * @throws {SetupError}
 */
export async function ensurePage() {
  if (!existsSync(join(root, 'apps/web/vite.config.ts'))) {
    console.log('There is no page in this checkout: the server starts without one.')
    return
  }
  const sources = ['apps/web', ...['actor', 'channel', 'client', 'protocol'].map(inPackages)]
  const hash = hashOf(['package-lock.json', ...sources.flatMap(filesUnder).filter(isSource)])
  if (readStamp('page')?.hash === hash && existsSync(join(root, 'apps/web/dist/index.html'))) return
  await step('Building the page', async () => {
    const vite = join(root, 'node_modules/vite/bin/vite.js')
    const args = [vite, 'build', '--logLevel', 'warn']
    const { code, output } = await run(requireNode(), args, join(root, 'apps/web'))
    if (code !== 0) throw new SetupError(`The page could not be built:\n${output.trimEnd()}`)
  })
  writeStamp('page', { hash })
}

/** The Node that runs Belay: the one installed with it, else this one when it is new enough. */
export function nodePath() {
  const own = join(
    root,
    'node_modules/node/bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(own)) return own
  return major(process.versions.node) >= nodeMajorMin ? process.execPath : undefined
}

/** @throws {SetupError} */
export function requireNode() {
  const path = nodePath()
  if (path !== undefined) return path
  throw new SetupError(
    `Node ${nodeMajorMin} is missing: npm ran without its install scripts, so the package "node" put no program in place.\n` +
      `Run: npm rebuild node --ignore-scripts=false     or start Belay with Node ${nodeMajorMin} or newer.`,
  )
}

/**
 * Prints one line for a piece of work: what it is, then how long it took.
 * @param {string} what
 * @param {() => Promise<void>} work
 */
export async function step(what, work) {
  const from = performance.now()
  process.stdout.write(`${what} … `)
  try {
    await work()
  } catch (error) {
    process.stdout.write('failed.\n')
    throw error
  }
  process.stdout.write(`done in ${((performance.now() - from) / 1000).toFixed(1)} s.\n`)
}

/**
 * Runs a script's main function; a reason a person can act on is printed without a stack.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error)
    process.exitCode = 1
  }
}

/**
 * `npm install --no-save` takes the versions of the lockfile and does not write it. `npm ci` would too, but refuses a
 * lockfile that was made where the registry did not have the optional packages of every platform; it also begins by
 * deleting what a running server has loaded.
 * @param {'run' | 'test'} level
 */
async function install(level) {
  const kind = level === 'run' ? ['--omit=dev'] : ['--include=dev']
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['install', '--no-save', ...kind, '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output } = await run(npm, args, root)
  if (code === 0) return
  if (/E(AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH)\b/.test(output)) {
    throw new SetupError(
      'The package registry could not be reached. Check the network, then run the same command again.',
    )
  }
  // npm says first what is wrong, then a page about its options.
  throw new SetupError(`npm install failed:\n${output.split('\n').slice(0, 15).join('\n')}`)
}

/** An unpacked program may still be one this machine cannot run. */
function verifyNode() {
  const path = requireNode()
  const { stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (error !== undefined || major(stdout.slice(1)) < nodeMajorMin) {
    throw new SetupError(
      `The Node that came with the packages does not run here (${error?.message ?? stdout.trim()}): ${path}`,
    )
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    const shell = process.platform === 'win32'
    const child = spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

function manifests() {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}/package.json`),
  )
  const present = folders.filter((path) => existsSync(join(root, path)))
  return ['package-lock.json', 'package.json', '.npmrc', ...present]
}

/** @param {string} name */
function inPackages(name) {
  return `packages/${name}`
}

/** @param {string} path */
function isSource(path) {
  return !/(^|\/)(node_modules|dist)\/|\.test\.tsx?$/.test(path)
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? filesUnder(path) : [path]
    })
}

/** @param {readonly string[]} paths */
function hashOf(paths) {
  const hash = createHash('sha256').update(process.platform + process.arch)
  for (const path of paths.toSorted()) hash.update(path).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

/**
 * @param {string} name
 * @returns {{ hash?: string, level?: string } | undefined}
 */
function readStamp(name) {
  try {
    return JSON.parse(readFileSync(join(stamps, `${name}.json`), 'utf8'))
  } catch {
    // Not there, or cut short by a crash: either way the work is to be done.
    return undefined
  }
}

/**
 * @param {string} name
 * @param {{ hash: string, level?: string }} stamp
 */
function writeStamp(name, stamp) {
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, `${name}.json`), JSON.stringify(stamp))
}

/** @param {string} version */
function major(version) {
  return Number.parseInt(version, 10) || 0
}
