/** A browser for the browser tests: installed where that is one harmless command, asked for where it is not. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findChromium } from '../packages/testing/src/node/chromium.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Says loudly when the browser tests will be skipped. */
export function offerChromium(env: Environment): void {
  const found = findChromium(env)
  if (!('missing' in found)) return
  if (mayInstall() && install()) return
  const line = '!'.repeat(78)
  console.log(`${line}\nBROWSER TESTS ARE SKIPPED. ${found.missing}\n${line}`)
}

/** Debian as root: a container or a machine of a build service. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

function install(): boolean {
  const from = performance.now()
  process.stdout.write('Installing Chromium for the browser tests … ')
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
  } as const
  spawnSync('apt-get', ['update', '--quiet'], options)
  const { status } = spawnSync(
    'apt-get',
    ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium'],
    options,
  )
  const took = ((performance.now() - from) / 1000).toFixed(1)
  console.log(status === 0 ? `done in ${took} s.` : 'failed.')
  return status === 0 && !('missing' in findChromium(process.env))
}
