/**
 * Addresses of repositories: which ones are taken, and why another is not.
 *
 * They are shown, logged and stored as they are, so one that can carry a secret is refused, without a word of it.
 *
 * - P-40 The address of a repository is one of http, https, ssh, git or file, `user@host:path`, or an absolute path; one
 *   that can carry a secret is refused, without a word of it, and with what to do.
 * - P-41 An address that was stored before that rule is shown without what is refused today.
 */

const form =
  'must be an address with https://, http://, ssh://, git:// or file:///, or user@host:path, or an absolute path'
const secret =
  'must hold no user name, password, query or fragment: give the secret as "token", and the user name, if the host asks for one, as "user" beside it'
const odd =
  'must hold no spaces, control characters, backslashes or signs of a query, also not as %xx'

const control = /\p{Cc}/u
const host = String.raw`(?:\[[0-9A-Fa-f:.]+\]|[\p{L}\p{N}_][\p{L}\p{N}._-]*)`
const port = String.raw`(?::\d{1,5})?`
/** As long as the longest name of a user on Unix. */
const user = String.raw`[A-Za-z_][A-Za-z0-9._-]{0,31}`
const overHttp = new RegExp(`^https?://${host}${port}(?:/.*)?$`, 'u')
const overGit = new RegExp(`^git://${host}${port}/.*$`, 'u')
const overSsh = new RegExp(`^ssh://(?:(${user})@)?${host}${port}/.*$`, 'u')
const likeScp = new RegExp(`^(${user})@${host}:(?![:/]{2})[^@:]*$`, 'u')
const ofFile = /^file:\/\/(?:localhost)?\/.*$/u

/** How tokens of the hosts that most people use begin. */
const tokenBeginnings =
  /^(?:gh[oprsu]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|feedt)-|ATATT|ATBB|ATCTT|BBDC-|sk-|xox[a-z]-|hf_|ya29\.|eyJ)/

/** Whether a text is known as a token by its beginning. */
export function looksLikeToken(text: string): boolean {
  return tokenBeginnings.test(text)
}

/** @returns what is wrong with it, to follow its name; nothing of the address is in it */
export function addressFault(url: string): string | undefined {
  if (url.startsWith('-')) return 'must not begin with "-"'
  if (url.startsWith('/')) return pathFault(url)
  const known = overHttp.test(url) || overGit.test(url) || ofFile.test(url)
  if (known) return partsFault(url)
  const name = (overSsh.exec(url) ?? likeScp.exec(url))?.[1]
  if (name !== undefined && looksLikeToken(name)) return secret
  if (overSsh.test(url) || likeScp.test(url)) return partsFault(url)
  return /[@?#]/.test(url) ? secret : form
}

/** The name of a folder may hold nearly everything; what looks like an address behind a slash is none. */
function pathFault(url: string): string | undefined {
  if (control.test(url)) return odd
  return /^(?:\/[\\/]|.*:\/\/).*@/u.test(url) ? secret : undefined
}

function partsFault(url: string): string | undefined {
  if (/[?#;&=]/.test(url)) return secret
  // Another address, with a password in it, where the path should be.
  if (/:\/\/.*\/[^/]*:[^/]*@/.test(url)) return secret
  if (/[\s\\]/u.test(url) || control.test(url)) return odd
  // As some servers read it again.
  return /%(?:[01][0-9a-f]|7f|23|26|3[bdf]|5c|40)/i.test(url) ? odd : undefined
}

/**
 * An address as it may be shown. Those that were stored before they were looked at hold what is refused today.
 * @returns it, or what is left of it without user names, queries and fragments, plain or as %xx
 */
export function shownAddress(url: string): string {
  if (addressFault(url) === undefined) return url
  const bare = url.replace(/(?:[?#;&=]|%(?:23|26|3[bdf]))[\s\S]*$/iu, '')
  const parts = bare.split(/@|＠|%40/i)
  // Without a sign of where the host begins, all of it may be secret.
  if (parts.length === 1) return addressFault(bare) === undefined ? bare : '…'
  const scheme = /^[\w+.-]+:[\\/]+/.exec(parts[0] ?? '')?.[0] ?? ''
  return `${scheme}…@${parts.at(-1)}`
}
