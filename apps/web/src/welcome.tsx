/** What is shown where no session is: what Belay is for, and the ways on. */
import { Link } from './link.tsx'
import { Logo } from './logo.tsx'
import { pathOfNew } from './route.ts'

interface WelcomeProps {
  /** Whether the server has said which sessions there are. */
  readonly known: boolean
  readonly any: boolean
}

export function Welcome({ known, any }: WelcomeProps) {
  if (!known) return <div className="empty" aria-busy="true" />
  return (
    <div className="empty">
      <Logo size={30} />
      <h1>{any ? 'Choose a session' : 'Start your first session'}</h1>
      {any ? (
        <p>
          Or start another one. Each goes on without this page: close the lid, come back, and
          everything that happened is here.
        </p>
      ) : (
        <FirstSteps />
      )}
      <Link className="button" data-kind="main" href={pathOfNew(undefined)}>
        New session <kbd>c</kbd>
      </Link>
      <p className="hint by-keys">
        <kbd>?</kbd> shows all keys, <kbd>Ctrl</kbd> <kbd>K</kbd> finds everything.
      </p>
    </div>
  )
}

function FirstSteps() {
  return (
    <ol className="first-steps">
      <li>
        <strong>Choose an agent</strong> of this machine. The demo agent needs no key and shows what
        a session is.
      </li>
      <li>
        <strong>Say where it works:</strong> in a folder of yours, or in a fresh clone of a
        repository.
      </li>
      <li>
        <strong>Say what you want done.</strong> Then close the lid if you like: the session goes on
        by itself, and asks you here when it needs you.
      </li>
    </ol>
  )
}
