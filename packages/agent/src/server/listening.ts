/** The line by which an agent server says where it listens, among whatever else it prints. */

const charsMax = 64 * 1024

/** Noise before and after it is normal: plugins, warnings, colours that were taken off. */
const listening = /\blistening on (http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5}))(?:\/?(?:\s|$))/

/** @param line whole, without its end @returns the address, without a path; nothing beyond loopback is one */
export function listeningAt(line: string): string | undefined {
  const [, url, port] = listening.exec(line.slice(0, charsMax)) ?? []
  return url !== undefined && Number(port) > 0 && Number(port) < 65_536 ? url : undefined
}
