/** The menu of the agent's commands above the composer. Arrows choose, Enter or Tab take, Escape closes. */
import { useState, type KeyboardEvent } from 'react'
import { chosenCommand, slashCommands, type SlashCommand } from './slash-menu.ts'

export interface SlashMenu {
  readonly shown: readonly SlashCommand[]
  readonly at: number
  readonly choose: (command: SlashCommand) => void
  /** @returns whether the key was the menu's */
  readonly onKeyDown: (event: KeyboardEvent) => boolean
}

export function useSlashMenu(
  text: string,
  commands: readonly SlashCommand[],
  type: (text: string) => void,
): SlashMenu {
  const [chosen, setChosen] = useState(0)
  /** The text for which it was closed. */
  const [closed, setClosed] = useState<string>()
  const shown = closed === text ? [] : slashCommands(text, commands)
  const at = Math.min(chosen, Math.max(0, shown.length - 1))
  function choose(command: SlashCommand): void {
    type(chosenCommand(command))
    setChosen(0)
    document.querySelector<HTMLElement>('#composer')?.focus()
  }
  function pressed(key: string): boolean {
    const command = shown[at]
    if (command === undefined) return false
    if (key === 'ArrowDown') setChosen((at + 1) % shown.length)
    else if (key === 'ArrowUp') setChosen((at + shown.length - 1) % shown.length)
    else if (key === 'Escape') setClosed(text)
    else if (key === 'Tab' || (key === 'Enter' && text !== `/${command.name}`)) choose(command)
    else return false
    return true
  }
  function onKeyDown(event: KeyboardEvent): boolean {
    if (event.shiftKey || event.nativeEvent.isComposing || !pressed(event.key)) return false
    event.preventDefault()
    return true
  }
  return { shown, at, choose, onKeyDown }
}

/** What the field that is typed into says of the menu. */
export function slashAttributes({ shown, at }: SlashMenu) {
  if (shown.length === 0) return { 'aria-autocomplete': 'list' } as const
  return {
    'aria-autocomplete': 'list',
    'aria-controls': slashListId,
    'aria-activedescendant': optionId(at),
  } as const
}

const slashListId = 'slash-commands'

function optionId(index: number): string {
  return `slash-command-${index + 1}`
}

export function SlashList({ menu }: { readonly menu: SlashMenu }) {
  if (menu.shown.length === 0) return undefined
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a select cannot stand beside a field that keeps the focus
    <div id={slashListId} className="slash" role="listbox" aria-label="Commands of the agent">
      {menu.shown.map((command, index) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the composer, which has the focus, hears its keys
        <div
          key={command.name}
          id={optionId(index)}
          className="option"
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- as the list it is in
          role="option"
          aria-selected={index === menu.at}
          tabIndex={-1}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => menu.choose(command)}
        >
          <span className="mono">/{command.name}</span>
          {command.hint !== undefined && <span className="follows">{command.hint}</span>}
          <span className="muted cut">{command.description}</span>
        </div>
      ))}
    </div>
  )
}
