#!/usr/bin/env node
// Belay runs on Node 24. On an older one, the same command is run again by the Node that is installed with it.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const neededMajor = 24

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  await import('../src/main.ts')
} else {
  runAgain()
}

function runAgain() {
  const node = bundledNode()
  if (node === undefined) {
    console.error(
      `Belay needs Node ${neededMajor} or later; this is ${process.version}, and "npm install" has not put another one here.`,
    )
    process.exit(1)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // The terminal sends Ctrl-C to both: the child decides what it means. Other signals are passed on.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  child.on('error', (error) => {
    console.error(`The Node installed with Belay could not be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return undefined
  }
}
