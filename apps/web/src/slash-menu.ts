/** The agent's own commands, offered while a prompt begins with "/". Pure. */
import type { SessionView } from '@belay/protocol'

export type SlashCommand = NonNullable<SessionView['commands']>[number]

/** Commands to show at once. */
const shownMax = 8

/** @returns the commands that the text may become; none once something follows the name */
export function slashCommands(
  text: string,
  commands: readonly SlashCommand[],
): readonly SlashCommand[] {
  const [, begun] = /^\/(\S*)$/.exec(text) ?? []
  if (begun === undefined) return []
  const wanted = begun.toLowerCase()
  const fits = commands.filter(({ name }) => name.toLowerCase().includes(wanted))
  const first = fits.filter(({ name }) => name.toLowerCase().startsWith(wanted))
  return [...first, ...fits.filter((one) => !first.includes(one))].slice(0, shownMax)
}

/** The text once a command was chosen: what follows it can be typed at once. */
export function chosenCommand({ name }: SlashCommand): string {
  return `/${name} `
}
