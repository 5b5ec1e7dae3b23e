/**
 * What somebody who helps needs to know, as one JSON text. Pure.
 *
 * Invariants:
 * - W-43 No secret that can be known as one is in it: not the token of the page, no field that is named as one, no key,
 *   bearer or password of a known shape.
 */
import type { SessionEvent, SessionView, Why } from '@belay/protocol'

export interface Diagnosis {
  readonly at: string
  readonly page: { readonly address: string; readonly browser: string }
  readonly server: { readonly version: string; readonly protocol: number } | undefined
  readonly session: SessionView | undefined
  readonly why: Why | undefined
  readonly events: readonly SessionEvent[]
}

/** Events that are told, the last ones. */
export const eventsToldMax = 200
/** Characters of one text that are told. */
const textCharsMax = 2000
const redacted = '[redacted]'

/** @param secrets texts that must not be in it, wherever they are */
export function diagnosticText(diagnosis: Diagnosis, secrets: readonly string[]): string {
  const told = { ...diagnosis, events: diagnosis.events.slice(-eventsToldMax) }
  return JSON.stringify(told, (key, value: unknown) => plain(key, value, secrets), 2)
}

function plain(key: string, value: unknown, secrets: readonly string[]): unknown {
  if (typeof value !== 'string') return value
  if (secretName.test(key)) return redacted
  const text = secrets
    .filter((secret) => secret !== '')
    .reduce((told, secret) => told.replaceAll(secret, redacted), value)
  const safe = shapes.reduce((told, shape) => told.replaceAll(shape, `$1${redacted}`), text)
  return safe.length > textCharsMax
    ? `${safe.slice(0, textCharsMax)}… [${safe.length - textCharsMax} more characters]`
    : safe
}

const secretName = /^(?:.*(?:secret|password|passwd|authorization|api_?key|access_?token)|token)$/i

/** What comes before the secret is kept by the first group. */
const shapes = [
  /(\bbearer\s+)[\w.~+/=-]{8,}/gi,
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
  /(\b(?:[A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_?KEY))\s*[=:]\s*["']?)[^\s"']{4,}/gi,
  /()\b(?:sk|pk|rk)-[\w-]{8,}/g,
  /()\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-)[\w-]{8,}/g,
  /()\bAKIA[0-9A-Z]{16}\b/g,
  /()\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g,
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
] as const
