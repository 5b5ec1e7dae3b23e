/** The line by which an agent server says who it is and where it listens, among whatever else it prints. */

/** Servers of one family: the name each says of itself is also whom its password is for. */
const serverNames = ['opencode', 'kilo'] as const

export interface Listening {
  readonly name: (typeof serverNames)[number]
  /** Without a path. */
  readonly url: string
}

const charsMax = 64 * 1024
/** Nothing beyond loopback is an address of ours. */
const line =
  /\b(\w+) server listening on (http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5}))\/?(?:\s|$)/

/** @param text one whole line, without its end; noise around the words is normal */
export function listeningAt(text: string): Listening | undefined {
  const [, said = '', url, port] = line.exec(text.slice(0, charsMax)) ?? []
  const name = serverNames.find((known) => known === said)
  const isPort = Number(port) > 0 && Number(port) < 65_536
  return name !== undefined && url !== undefined && isPort ? { name, url } : undefined
}

/** The variables such servers read their password from. */
export function passwordVariables(password: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    serverNames.map((name) => [`${name.toUpperCase()}_SERVER_PASSWORD`, password]),
  )
}
