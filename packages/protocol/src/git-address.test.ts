import { describe, expect, test } from 'vitest'
import { workspaceBodySchema, workspaceSchema } from './agent.ts'
import { addressFault, looksLikeToken, shownAddress } from './git-address.ts'

const secret = 's3cr3tvalue'

test.each([
  ['https://github.com/me/project.git'],
  ['http://127.0.0.1:8080/repository.git'],
  ['https://[::1]:8443/a'],
  ['https://bücher.example/päckchen.git'],
  ['https://dev.azure.com/org/My%20Project/_git/repo'],
  ['https://git.example.org/~me/a@b.git'],
  ['ssh://git@git.example.org:22/me/project.git'],
  ['ssh://git.example.org/me/project.git'],
  ['git://git.example.org/me/project.git'],
  ['git@github.com:me/project.git'],
  ['me.too-1@build_host:~/project'],
  ['file:///home/me/project'],
  ['file://localhost/home/me/project'],
  ['/home/me/project'],
  ['/home/me/a folder @ work/c#'],
  ['/home/me/10:30@work'],
  ['https://h.example:8443/scope/@name:1'],
])('[P-40] the address %s is taken', (url) => {
  expect(addressFault(url)).toBeUndefined()
  expect(shownAddress(url)).toBe(url)
})

describe('[P-40] an address that can carry a secret is refused without repeating it:', () => {
  test.each([
    [`https://x:${secret}@h.example/a`],
    [`https://${secret}@h.example/a`],
    [`https://:${secret}@h.example/a`],
    [`https://@${secret}.example/a`],
    [`HTTPS://x:${secret}@h.example/a`],
    [`hTTp://${secret}@h.example/a`],
    [`https://x%3A${secret}%40h.example/a`],
    [`https://x:${secret}%40h.example/a`],
    [`https:/x:${secret}@h.example/a`],
    [`https:x:${secret}@h.example/a`],
    [`https:///x:${secret}@h.example/a`],
    [`https:\\\\x:${secret}@h.example/a`],
    [`https:/\\x:${secret}@h.example/a`],
    [`https://h.example\\@${secret}/a`],
    [`https://h.example:${secret}/a`],
    [` https://x:${secret}@h.example/a`],
    [`\thttps://x:${secret}@h.example/a`],
    [`https://x:${secret}\n@h.example/a`],
    [`ht\ntps://x:${secret}@h.example/a`],
    [`https://x:${secret}＠h.example/a`],
    [`https://h.example/a?private_token=${secret}`],
    [`https://h.example/a%3Fprivate_token=${secret}`],
    [`https://h.example/a;token=${secret}`],
    [`https://h.example/a&token=${secret}`],
    [`https://h.example/a#${secret}`],
    [`https://h.example/a%23${secret}`],
    [`https://h.example?${secret}`],
    [`//x:${secret}@h.example/a`],
    [`ssh://git:${secret}@h.example/a`],
    [`SSH://git:${secret}@h.example/a`],
    [`ssh://git@h.example/a?${secret}`],
    [`ssh://git%3A${secret}@h.example/a`],
    [`ssh://${'a'.repeat(40)}${secret}@h.example/a`],
    [`ssh://glpat-${secret}@h.example/a`],
    [`git://x:${secret}@h.example/a`],
    [`git://${secret}@h.example/a`],
    [`git:${secret}@h.example:a`],
    [`ghp_${secret}@h.example:a`],
    [`git@h.example:x:${secret}@h.example/a`],
    [`git@h.example:a?${secret}`],
    [`file://x:${secret}@h.example/a`],
    [`file:///a?${secret}`],
    [`ext::sh -c echo% ${secret}`],
    [`fd::3/${secret}`],
    [`http::https://x:${secret}@h.example/a`],
    [`ftp://x:${secret}@h.example/a`],
    [`ftps://h.example/${secret}`],
    [`git+ssh://git:${secret}@h.example/a`],
    [`javascript:${secret}`],
    [`x-access-token:${secret}`],
    [`relative/${secret}`],
    [`-${secret}`],
    [`--upload-pack=${secret}`],
    [`https://h.example/a\u0000${secret}`],
    [`/home/me/\u0007${secret}`],
    [`https://h.example/a\\${secret}`],
    [`https://h.example/a ${secret}`],
    // Behind the address of a mirror, or a slash too many.
    [`https://mirror.example/https://x:${secret}@h.example/a`],
    [`https://mirror.example/x:${secret}@h.example/a`],
    [`http://h.example//:${secret}@h.example/a`],
    [`git://h.example/x:${secret}@h.example`],
    [`ssh://git@mirror.example/ssh://git:${secret}@h.example/a`],
    [`file:///https:/x:${secret}@h.example/a`],
    [`/https://x:${secret}@h.example/a`],
    [`/\\x:${secret}@h.example/a`],
    [`/mnt/ssh://git:${secret}@h.example/a`],
  ])('%j', (url) => {
    const fault = addressFault(url)
    expect(fault).toMatch(/^must /)
    expect(fault).not.toContain(secret)
    const given = workspaceBodySchema.safeParse({ type: 'repository', url })
    expect(given.error?.issues.map(({ path }) => path.join('.'))).toContain('url')
    expect(JSON.stringify(given.error?.issues)).not.toContain(secret)
    // What an earlier version stored is still read.
    expect(workspaceSchema.safeParse({ type: 'repository', url }).success).toBe(true)
  })
})

test('[P-40] the refusal says where a secret belongs', () => {
  expect(addressFault('https://x:y@h.example/a')).toMatch(/as "token".*as "user" beside it/)
  expect(addressFault('nowhere')).toMatch(/https:\/\/.*user@host:path.*absolute path/)
})

test.each([
  [`https://x:${secret}@h.example/a`, 'https://…@h.example/a'],
  [`https://${secret}@h.example/a?b=${secret}`, 'https://…@h.example/a'],
  [`https:/x:${secret}@h.example/a`, 'https:/…@h.example/a'],
  [`x:${secret}@h.example:a`, '…@h.example:a'],
  [`https://h.example/a?token=${secret}#${secret}`, 'https://h.example/a'],
  [`ssh://git:${secret}@${secret}@h.example/a`, 'ssh://…@h.example/a'],
  [`https://x%3A${secret}%40h.example/a`, 'https://…@h.example/a'],
  [`https://x:${secret}＠h.example/a`, 'https://…@h.example/a'],
  [`https://mirror.example/https://x:${secret}@h.example/a`, 'https://…@h.example/a'],
  [`https://h.example/a;token=${secret}`, 'https://h.example/a'],
  [`https://h.example/a%3Ftoken%3D${secret}`, 'https://h.example/a'],
  [`https://h.example/a%26${secret}`, 'https://h.example/a'],
  [`https://h.example:${secret}/a`, '…'],
  [`x-access-token:${secret}`, '…'],
  [`ftps://h.example/${secret}`, '…'],
  [`https://h.example/a ${secret}`, '…'],
])('[P-41] the address %s that was stored before is shown as %s', (url, shown) => {
  expect(shownAddress(url)).toBe(shown)
})

test('[P-42] a user name beside the token is shown, so it is refused where it is known to be a token', () => {
  const withUser = (user: string) =>
    workspaceBodySchema.safeParse({ type: 'repository', url: 'https://h.example/a', user })
  for (const user of ['me', 'me@example.org', 'gitlab+deploy-token-1', 'x-token-auth', 'glenn-b'])
    expect(withUser(user).success, user).toBe(true)
  for (const user of [
    `ghp_${secret}`,
    `glpat-${secret}`,
    `github_pat_${secret}`,
    'a b',
    'a:b',
    '',
  ]) {
    const { error } = withUser(user)
    expect(error, user).toBeDefined()
    expect(JSON.stringify(error?.issues)).not.toContain(secret)
  }
  expect(looksLikeToken('token')).toBe(false)
})
