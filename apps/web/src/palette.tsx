/** Finds a session or a command by a few letters of it. Loaded when it is first asked for. */
import { Command } from 'cmdk'
import type { SessionSummary } from '@belay/protocol'
import { Modal } from './modal.tsx'
import { navigate, pathOfSession } from './route.ts'
import { shortcuts, type Action } from './shortcuts.ts'
import { statusWords } from './status-words.ts'

interface PaletteProps {
  readonly sessions: readonly SessionSummary[]
  readonly onRun: (action: Action) => void
  readonly onClose: () => void
}

/** Sessions that are offered: what is rarely the one that is looked for is found by its title. */
const sessionsMax = 200

export function Palette({ sessions, onRun, onClose }: PaletteProps) {
  function run(action: Action): void {
    onClose()
    onRun(action)
  }
  return (
    <Modal titleId="palette-title" onClose={onClose}>
      <h2 id="palette-title" className="unseen">
        Find a session or a command
      </h2>
      <Command className="palette" label="Find a session or a command" loop>
        <Command.Input className="input" placeholder="A session or a command" />
        <Command.List>
          <Command.Empty>Nothing is called like that.</Command.Empty>
          <Command.Group heading="Sessions">
            {sessions.slice(0, sessionsMax).map((session) => (
              <Command.Item
                key={session.id}
                value={`${session.title} ${session.agent.name} ${session.id}`}
                onSelect={() => {
                  onClose()
                  navigate(pathOfSession(session.id))
                }}
              >
                <span className="dot" data-tone={statusWords(session).tone} aria-hidden="true" />
                <span className="cut">{session.title}</span>
                <span className="detail">{statusWords(session).word}</span>
              </Command.Item>
            ))}
          </Command.Group>
          <Command.Group heading="Commands">
            {shortcuts.map(({ keys, what, action }) => (
              <Command.Item key={action} value={what} onSelect={() => run(action)}>
                <span className="cut">{what}</span>
                <span className="detail">
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        </Command.List>
      </Command>
    </Modal>
  )
}
