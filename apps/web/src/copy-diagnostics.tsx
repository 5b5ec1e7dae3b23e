/** Copies what somebody who helps needs to know; secrets are left out. */
import { useState } from 'react'
import { ClipboardCopy } from 'lucide-react'
import type { Client } from '@belay/client/webapi'
import type { SessionEvent, SessionView } from '@belay/protocol'
import { diagnosticText, eventsToldMax } from './diagnostics.ts'
import { useSession } from './session-context.ts'

interface CopyDiagnosticsProps {
  readonly session: SessionView | undefined
  readonly events: readonly SessionEvent[]
}

export function CopyDiagnostics({ session, events }: CopyDiagnosticsProps) {
  const { client, id } = useSession()
  const [said, setSaid] = useState<string>()
  async function copy(): Promise<void> {
    const text = await gather(client, { id, session, events })
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied: read it before you pass it on.')
    } catch {
      // A page that is not on this machine and not on HTTPS may not touch the clipboard.
      download(text, `belay-${id}.json`)
      setSaid('Saved as a file: read it before you pass it on.')
    }
  }
  return (
    <>
      <output className="muted said">{said}</output>
      <button
        type="button"
        className="button"
        data-size="small"
        title={`Versions, this session, its hops and its last ${eventsToldMax} events, secrets left out`}
        onClick={() => void copy()}
      >
        <ClipboardCopy className="icon" aria-hidden="true" /> Copy diagnostics
      </button>
    </>
  )
}

interface Gathered {
  readonly id: string
  readonly session: SessionView | undefined
  readonly events: readonly SessionEvent[]
}

/** What the server cannot say now is left out: this is for when things do not work. */
async function gather(client: Client, { id, session, events }: Gathered): Promise<string> {
  const [server, why] = await Promise.all([
    client.call('version', {}).catch(() => undefined),
    client.call('why', { id }).catch(() => undefined),
  ])
  return diagnosticText(
    {
      at: new Date().toISOString(),
      page: { address: location.href, browser: navigator.userAgent },
      server,
      session,
      why,
      events,
    },
    [client.authorization.replace(/^Bearer /, '')],
  )
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
