/** Colours, and text that cannot do anything to a terminal but be read. */

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

export type Paint = (color: keyof typeof codes, text: string) => string

export function painter(color: boolean): Paint {
  if (!color) return (_color, text) => text
  return (name, text) => {
    const [on, off] = codes[name]
    return text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`
  }
}

/**
 * Drops what a terminal would obey: control characters but newline and tab, and the marks that reverse reading order.
 * Each character is judged alone, so it makes no difference how a stream was cut.
 */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, (sign) =>
    sign === '\n' || sign === '\t' ? sign : '',
  )
}

/** The same on one line. */
export function oneLine(text: string): string {
  return harmless(text).replaceAll(/\s+/g, ' ').trim()
}

export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  const seconds = Math.round((ms % 60_000) / 1000)
  return minutes < 60
    ? `${minutes} min ${seconds} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
