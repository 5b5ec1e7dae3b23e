/** The manual, held against what there is: commands and options as `--help` lists them, refusals as the protocol has them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes, errorTable } from '@belay/protocol'
import { expect, test } from 'vitest'
import { runCli } from './program.ts'
import { testWorld } from './test-world.ts'

function manual(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../../../docs', name), 'utf8')
}

const commandLine = manual('cli.md')
const prose = commandLine.replaceAll(/^\|.*$/gm, '')

async function help(...command: readonly string[]): Promise<string> {
  const world = testWorld()
  expect(await runCli([...command, '--help'], world)).toBe(0)
  return world.written()
}

/** What a section of a help text lists, by the first word of each line that is not the rest of one. */
function listed(text: string, section: 'Commands' | 'Options'): readonly string[] {
  const lines = text.split(`${section}:\n`)[1]?.split('\n\n')[0] ?? ''
  return [...lines.matchAll(/^ {2}(?:-\w, )?(\S+)/gm)].map(([, word]) => word ?? '')
}

/** Every command that can be typed, those of a command too. */
async function commandsOf(...above: readonly string[]): Promise<readonly (readonly string[])[]> {
  const names = listed(await help(...above), 'Commands').filter((name) => name !== 'help')
  if (names.length === 0) return [above]
  const all = await Promise.all(names.map((name) => commandsOf(...above, name)))
  return all.flat()
}

test('[T-19] the manual has every command with its options', async () => {
  const commands = await commandsOf()
  expect(commands.length).toBeGreaterThan(15)
  const missing = await Promise.all(
    commands.map(async (command) => {
      const name = `belay ${command.join(' ')}`
      const rows = commandLine.split('\n').filter((row) => row.includes(`\`${name}`))
      if (rows.length === 0) return [name]
      const told = [...rows, prose, ...(name === 'belay up' ? [manual('settings.md')] : [])].join()
      const options = listed(await help(...command), 'Options')
      expect(options, name).toContain('--json')
      return options
        .filter((option) => option !== '--help' && !new RegExp(`${option}(?![\\w-])`).test(told))
        .map((option) => `${name} ${option}`)
    }),
  )
  expect(missing.flat()).toEqual([])
})

test('[T-19] the manual has every refusal with its status, and no other', () => {
  const rows = [...manual('http-api.md').matchAll(/^\| +(\d{3}) \| (`.+`) +\|$/gm)]
  const told = rows.flatMap(([, status, codes = '']) =>
    [...codes.matchAll(/`([\w-]+)`/g)].map(([, code]) => `${status} ${code}`),
  )
  const known = errorCodes.map((code) => `${errorTable[code].status} ${code}`)
  expect(told.toSorted()).toEqual(known.toSorted())
})
