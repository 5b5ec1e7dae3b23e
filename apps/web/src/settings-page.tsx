/** The settings of this browser, and what the server says about itself. */
import { chooseTheme, themes, useTheme, type Theme } from './theme.ts'

const titles: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
}

export function SettingsPage() {
  const chosen = useTheme()
  return (
    <div className="settings">
      <h1>Settings</h1>
      <section aria-labelledby="settings-theme">
        <h2 id="settings-theme">Theme</h2>
        <div className="segments" role="radiogroup" aria-labelledby="settings-theme">
          {themes.map((theme) => (
            <label key={theme}>
              <input
                type="radio"
                name="theme"
                checked={theme === chosen}
                onChange={() => chooseTheme(theme)}
              />
              {titles[theme]}
            </label>
          ))}
        </div>
      </section>
    </div>
  )
}
