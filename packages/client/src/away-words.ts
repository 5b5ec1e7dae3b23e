/** What is said, on every surface, while the server does not answer. */

/** @param server what it is called there */
export function serverAwayWords(server: string): string {
  return `${server} does not answer; agents go on without it.`
}
