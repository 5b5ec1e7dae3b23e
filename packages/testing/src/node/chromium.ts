/** A real browser for tests: the machine's own Chromium, started with nothing of its own to fetch. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** @returns the path of a browser, or a sentence that says what to do about having none. */
export function findChromium(
  env: Readonly<Record<string, string | undefined>>,
): { readonly path: string } | { readonly missing: string } {
  const asked = env['CHROMIUM']
  if (asked !== undefined && asked !== '') {
    if (isProgram(asked)) return { path: asked }
    return { missing: `CHROMIUM names ${asked}, which is no program here.` }
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const path = paths.find((candidate) => isProgram(candidate))
  if (path !== undefined) return { path }
  return {
    missing:
      'No Chromium on the PATH: install one (Debian: apt-get install chromium), or name one with CHROMIUM=/path.',
  }
}

/**
 * Starts it headless with a new empty profile, which goes when it is closed. @throws with a sentence without one.
 * @param without arguments that Playwright would give and this test does not want
 */
export async function launchChromium(without: readonly string[] = []): Promise<Browser> {
  const found = findChromium(process.env)
  if ('missing' in found) throw new Error(found.missing)
  return chromium.launch({
    executablePath: found.path,
    headless: true,
    args,
    ignoreDefaultArgs: [...without],
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
