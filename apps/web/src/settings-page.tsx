/** The settings of this browser, and what the server says about itself: agents, limits, deadlines. */
import { useEffect, useState, type ReactNode } from 'react'
import type { Client } from '@belay/client/webapi'
import type { FoundAgent, Problem, RouteAnswer } from '@belay/protocol'
import { BackLink } from './back-link.tsx'
import { canStart, orderAgents } from './new-session-form.ts'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { settingRows, type SettingRow } from './setting-words.ts'
import { useCallSetting } from './use-calls.ts'
import { chooseTheme, themes, useTheme, type Theme } from './theme.ts'

interface SettingsPageProps {
  readonly client: Client
  readonly token: string
  readonly onSignOut: () => void
}

export function SettingsPage({ client, token, onSignOut }: SettingsPageProps) {
  const { agents, settings, problem } = useServer(client)
  return (
    <>
      <header className="main-head">
        <BackLink />
        <h1>Settings</h1>
      </header>
      <div className="settings">
        <ThemeChoice />
        <Calls />
        <SignedIn token={token} onSignOut={onSignOut} />
        {problem !== undefined && <ProblemNote problem={problem} />}
        <Part
          title="Agents"
          about="What this server’s machine has. They are looked for anew every few seconds."
        >
          {agents === undefined ? (
            <p className="muted">Looking …</p>
          ) : (
            <ul className="rows">
              {orderAgents(agents).map((agent) => (
                <AgentRow key={agent.name} agent={agent} />
              ))}
            </ul>
          )}
        </Part>
        {settings !== undefined && <ServerParts settings={settings} />}
      </div>
    </>
  )
}

interface PartProps {
  readonly title: string
  readonly about: string
  readonly children: ReactNode
}

function Part({ title, about, children }: PartProps) {
  const id = `settings-${title.toLowerCase().replaceAll(/\W+/g, '-')}`
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p className="muted">{about}</p>
      {children}
    </section>
  )
}

const themeTitles: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
}

function ThemeChoice() {
  const chosen = useTheme()
  return (
    <Part title="Theme" about="For this browser, in all its tabs.">
      <div className="segments" role="radiogroup" aria-label="Theme">
        {themes.map((theme) => (
          <label key={theme}>
            <input
              type="radio"
              name="theme"
              checked={theme === chosen}
              onChange={() => chooseTheme(theme)}
            />
            {themeTitles[theme]}
          </label>
        ))}
      </div>
    </Part>
  )
}

function Calls() {
  const { wanted, refused, set } = useCallSetting()
  return (
    <Part
      title="Notifications"
      about="While this tab is in the background: when a session asks, has failed, or has finished."
    >
      <label className="check">
        <input type="checkbox" checked={wanted} onChange={(event) => set(event.target.checked)} />
        Notify me
      </label>
      {refused !== undefined && (
        <p className="muted" role="alert">
          {refused}
        </p>
      )}
    </Part>
  )
}

interface SignedInProps {
  readonly token: string
  readonly onSignOut: () => void
}

function SignedIn({ token, onSignOut }: SignedInProps) {
  const [said, setSaid] = useState<string>()
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(`${location.origin}/#token=${token}`)
      setSaid('Copied. Whoever has this link can do all that you can.')
    } catch {
      setSaid('This browser does not let the page copy. The command “belay up” prints the link.')
    }
  }
  return (
    <Part
      title="Signed in"
      about="This browser keeps the server’s token. Signing out forgets it here, in all tabs; drafts stay."
    >
      <div className="buttons">
        <button type="button" className="button" onClick={() => void copy()}>
          Copy sign-in link
        </button>
        <button type="button" className="button" onClick={() => onSignOut()}>
          Sign out
        </button>
        <output className="muted">{said}</output>
      </div>
    </Part>
  )
}

function AgentRow({ agent }: { readonly agent: FoundAgent }) {
  const ready = canStart(agent)
  return (
    <li>
      <span
        className="dot"
        data-tone={ready ? 'good' : agent.found ? 'person' : 'idle'}
        aria-hidden="true"
      />
      <span className="name">
        {agent.title} {agent.demo && <span className="badge">DEMO</span>}
      </span>
      <span className="muted">
        {ready ? 'Ready' : agent.found ? `Misses ${agent.missing.join('; ')}` : notHere(agent)}
      </span>
      <span className="mono cut detail" title={agent.command}>
        {agent.command}
      </span>
    </li>
  )
}

function notHere({ missing }: FoundAgent): string {
  return missing.length === 0 ? 'Not on this machine' : `Not on this machine: ${missing.join('; ')}`
}

function ServerParts({ settings }: { readonly settings: RouteAnswer<'settings'> }) {
  const { server, deadlines, limits } = settingRows(settings)
  return (
    <>
      <Part title="Server" about="Given to “belay up”; they hold until it is started again.">
        <Rows rows={server} />
      </Part>
      <Part title="Deadlines" about="What is waited for, and how long. Each outlives the server.">
        <Rows rows={deadlines} />
      </Part>
      <Part title="Limits" about="What is refused, by name, when there is more of it.">
        <Rows rows={limits} />
      </Part>
    </>
  )
}

function Rows({ rows }: { readonly rows: readonly SettingRow[] }) {
  return (
    <dl className="rows">
      {rows.map(({ name, value, about }) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd>
            {value} {about !== undefined && <span className="muted">{about}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function useServer(client: Client) {
  const [agents, setAgents] = useState<readonly FoundAgent[]>()
  const [settings, setSettings] = useState<RouteAnswer<'settings'>>()
  const [problem, setProblem] = useState<Problem['error']>()
  useEffect(() => {
    let here = true
    async function load(): Promise<void> {
      try {
        const [found, said] = await Promise.all([
          client.call('agents', {}),
          client.call('settings', {}),
        ])
        if (!here) return
        setAgents(found.agents)
        setSettings(said)
      } catch (error) {
        if (here) setProblem(problemOf(error))
      }
    }
    void load()
    return () => {
      here = false
    }
  }, [client])
  return { agents, settings, problem }
}
