/** Gives the terminal to another program and ends as it ends: signals go on to it, its exit code becomes ours. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<void>}
 */
export function handOver(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' })
    // A terminal sends Ctrl-C to the whole foreground group, the program included; sent on as well it would count
    // twice, and a second Ctrl-C means "at once". So it is sent on only when no terminal did.
    process.on('SIGINT', () => {
      if (!process.stdin.isTTY) child.kill('SIGINT')
    })
    for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => child.kill(signal))
    }
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      resolve()
    })
  })
}
