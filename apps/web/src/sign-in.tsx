/** Asks for the token when the link did not bring one, or when the server refused it. */
import { useState, type FormEvent } from 'react'
import { Logo } from './logo.tsx'
import { tokenOfInput } from './token.ts'

interface SignInProps {
  /** Why a token is asked for again. */
  readonly refused?: string | undefined
  readonly onToken: (token: string) => void
}

export function SignIn({ refused, onToken }: SignInProps) {
  const [text, setText] = useState('')
  const token = tokenOfInput(text)
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (token !== '') onToken(token)
  }
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>
          <Logo size={26} /> Belay
        </h1>
        <p className="muted">
          Open the link that <code>belay up</code> prints: it signs this browser in. Or paste the
          link, or its token, here. The token is also in the file <code>token</code> of Belay’s data
          folder (<code>~/.belay</code>).
        </p>
        {refused !== undefined && (
          <div className="problem" role="alert">
            <p>
              <strong>{refused}</strong>
            </p>
            <p>Open the link of the server that is running now.</p>
          </div>
        )}
        <div className="field">
          <label htmlFor="token">Token</label>
          <input
            id="token"
            className="input mono"
            type="password"
            autoComplete="current-password"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <button className="button" data-kind="main" type="submit" disabled={token === ''}>
          Sign in
        </button>
      </form>
    </main>
  )
}
