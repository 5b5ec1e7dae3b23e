import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import { deadlines, type Workspace } from '@belay/protocol'
import {
  closeServer,
  type GitRepository,
  gitRepository,
  type GitServer,
  listenOnLoopback,
  startGitServer,
  temporaryFolder,
} from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commitTurn } from './commit.ts'
import { type Credential, git, type GitOptions } from './git.ts'
import { prepareWorkspace } from './workspace.ts'

const token = 'secret-token-0123456789'
let root: string
let origin: GitRepository
let server: GitServer
const others: Server[] = []
beforeEach(async () => {
  root = temporaryFolder('token')
  origin = gitRepository()
  server = await startGitServer(origin.path, { token })
})
afterEach(async () => {
  await server.stop()
  for (const other of others.splice(0)) await closeServer(other)
})

const run = (args: readonly string[], more: Partial<GitOptions> = {}) =>
  git(args, {
    env: process.env,
    signal: new AbortController().signal,
    msMax: 20_000,
    ...more,
  })
function write(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
/** A program that writes down everything it can see, descriptors included. */
function spy(): { readonly path: string; readonly seen: () => string } {
  const log = join(root, 'seen')
  const script = `#!/bin/sh
{ echo "ran $0 $*"; env; IFS= read -r one <&3 && echo "read $one"; IFS= read -r two <&3 && echo "read $two"; } >> ${log} 2>/dev/null
[ "$1" = get ] && { echo username=spy; echo password=spy; }
[ "$1" = filter ] && cat
exit 0
`
  const path = write(join(root, 'spy'), script, 0o755)
  return { path, seen: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') }
}
function prepare(workspace: Workspace, env: Readonly<Record<string, string | undefined>>) {
  return prepareWorkspace({
    workspace,
    setup: [],
    token,
    bounds: deadlines,
    diskFreeBytesMin: 0,
    recover: () => Promise.resolve(false),
    stampFile: join(root, 'stamp'),
    cloneFolder: join(root, 'clone'),
    env,
    signal: new AbortController().signal,
    onStep: () => undefined,
  })
}

test.each([
  [undefined, 'x-access-token'],
  ['gitlab+deploy-token-1', 'gitlab+deploy-token-1'],
])('[R-32] a token is given as often as git asks, with the user %j', async (user, name) => {
  const ask = `printf 'protocol=http\\nhost=h.example:81\\n\\n' | git credential fill`
  const asked = await run(['twice'], {
    credential: { url: 'http://h.example:81/a.git', token, user },
    settings: [['alias.twice', `!${ask}; ${ask}`]],
  })
  const told = `username=${name}\npassword=${token}\n`
  expect(asked.output.split(told)).toHaveLength(3)
})

test.each([
  ['another host', 'protocol=http\nhost=other.example\n\n'],
  ['another port', 'protocol=http\nhost=h.example\n\n'],
  ['another scheme', 'protocol=https\nhost=h.example:81\n\n'],
])('[R-32] a token is not given to %s', async (_, input) => {
  const asked = await run(['credential', 'fill'], {
    credential: { url: 'http://h.example:81/a.git', token },
    input: Buffer.from(input),
  })
  expect(asked.fault).toBeDefined()
  expect(asked.output).not.toContain(token)
})

test.each([
  ['git@h.example:a.git'],
  ['ssh://git@h.example/a.git'],
  ['/somewhere/a.git'],
  ['http://*.example/a.git'],
])('[R-32] %s takes no token', async (url) => {
  const asked = await run(['env'], {
    credential: { url, token },
    settings: [['alias.env', '!env; cat <&3']],
  })
  expect(asked.output).toContain('PATH=')
  expect(asked.output).not.toContain(token)
})

test('[R-32] a token is in no variable and no argument of any program that git starts', async () => {
  const asked = await run(['look'], {
    env: { ...process.env, BELAY_GIT_TOKEN: token },
    credential: { url: server.url, token },
    settings: [['alias.look', '!env; cat /proc/$PPID/cmdline /proc/$PPID/environ']],
  })
  expect(asked.output).toContain('credential.http://127.0.0.1')
  expect(asked.output).not.toContain(token)
})

/** Sends whoever asks to the other address; `first` asks for the token before. */
async function redirecting(to: string, first: boolean): Promise<string> {
  const other = createServer((request, response) => {
    if (first && request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    else response.writeHead(302, { location: `${to}${request.url ?? ''}` }).end()
  })
  others.push(other)
  return `http://localhost:${await listenOnLoopback(other)}/repository.git`
}

test.each([
  ['at once', false],
  ['after it was let in', true],
] as const)('[R-32] a host that leads elsewhere %s leads no token there', async (_, first) => {
  const heard: (string | undefined)[] = []
  const elsewhere = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
  })
  others.push(elsewhere)
  const to = `http://127.0.0.1:${await listenOnLoopback(elsewhere)}`
  const url = await redirecting(to, first)
  const end = await run(['ls-remote', url], { credential: { url, token } })
  expect(end.fault).toBeDefined()
  expect(heard).not.toEqual([])
  expect(heard.filter((header) => header !== undefined)).toEqual([])
})

test('[R-102] a clone with a token runs no hook with it, and filters run behind it', async () => {
  origin.commit('Filter', { '.gitattributes': '*.md filter=spy\n' })
  origin.git('update-ref', 'refs/pull/1/head', 'HEAD')
  const { path, seen } = spy()
  const hooks = join(root, 'hooks')
  for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change'])
    write(join(hooks, hook), `#!/bin/sh\nexec ${path} ${hook}\n`, 0o755)
  const settings = `[filter "spy"]\n\tsmudge = ${path} filter\n\tclean = ${path} filter\n[core]\n\thooksPath = ${hooks}\n`
  const env = { ...process.env, GIT_CONFIG_GLOBAL: write(join(root, 'gitconfig'), settings) }
  for (const ref of [undefined, 'refs/pull/1/head']) {
    const prepared = await prepare(
      { type: 'repository', url: server.url, ...(ref === undefined ? {} : { ref }) },
      env,
    )
    expect(prepared).toMatchObject({ workspace: 'cloned' })
    expect(readdirSync(join(root, 'clone'))).toContain('README.md')
  }
  expect(seen()).toContain('filter')
  expect(seen()).toContain('post-checkout')
  expect(seen()).not.toContain(token)
  const remote = await run(['-C', join(root, 'clone'), 'remote', 'get-url', 'origin'])
  expect(remote.output).toBe(`${server.url}\n`)
})

test('[R-102] a setting that rewrites addresses leads a clone with a token nowhere else', async () => {
  const elsewhere = gitRepository()
  const settings = `[url "${elsewhere.path}"]\n\tinsteadOf = ${server.url}\n\tpushInsteadOf = ${server.url}\n`
  const env = { ...process.env, GIT_CONFIG_GLOBAL: write(join(root, 'gitconfig'), settings) }
  await prepare({ type: 'repository', url: server.url }, env)
  const head = await run(['-C', join(root, 'clone'), 'rev-parse', 'HEAD'])
  expect(head.output.trim()).toBe(origin.git('rev-parse', 'HEAD'))
})

test('[R-102] an empty repository is cloned with a token too', async () => {
  const path = temporaryFolder('empty')
  await run(['init', '--quiet', path])
  const empty = await startGitServer(path, { token })
  const prepared = await prepare({ type: 'repository', url: empty.url }, process.env)
  await empty.stop()
  expect(prepared).toMatchObject({ workspace: 'cloned' })
})

function finish(folder: string, credential: Credential | undefined) {
  return commitTurn({
    folder,
    finish: { commit: true, push: true },
    text: 'A change',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    credential,
    signal: new AbortController().signal,
    msMax: 30_000,
    scratch: join(root, 'scratch'),
  })
}

test('[R-103] a push goes to the address of the settings, whatever the workspace says, and shows it the token nowhere', async () => {
  await prepare({ type: 'repository', url: server.url, workBranch: 'topic' }, process.env)
  const folder = join(root, 'clone')
  const { path, seen } = spy()
  const asked: string[] = []
  const elsewhere = createServer((request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
  })
  others.push(elsewhere)
  const away = `http://127.0.0.1:${await listenOnLoopback(elsewhere)}`
  for (const hook of ['pre-commit', 'post-commit', 'pre-push', 'reference-transaction'])
    write(join(folder, '.git/hooks', hook), `#!/bin/sh\nexec ${path} ${hook}\n`, 0o755)
  for (const [name, value] of [
    ['remote.origin.pushurl', `${away}/push.git`],
    [`url.${away}/.insteadOf`, new URL('/', server.url).href],
    [`url.${away}/exact.git.insteadOf`, server.url],
    [`url.${away}/.pushInsteadOf`, new URL('/', server.url).href],
    ['credential.helper', path],
    [`credential.${server.url}.helper`, path],
    ['core.askPass', path],
    ['core.sshCommand', path],
    ['core.fsmonitor', path],
    ['core.gitProxy', path],
    ['http.proxy', away],
    ['http.extraHeader', 'X-Spy: 1'],
    ['filter.spy.clean', `${path} filter`],
    ['push.recurseSubmodules', 'on-demand'],
    ['gc.auto', '1'],
  ] as const)
    await run(['-C', folder, 'config', name, value])
  write(join(folder, '.gitattributes'), '*.txt filter=spy\n')
  write(join(folder, 'a.txt'), 'a\n')
  const result = await finish(folder, { url: server.url, token })
  expect(result).toEqual({
    commit: origin.git('rev-parse', 'topic'),
    branch: 'topic',
    pushed: true,
  })
  expect(origin.git('show', 'topic:a.txt')).toBe('a')
  for (const name of ['pre-commit', 'post-commit', 'filter']) expect(seen()).toContain(name)
  expect(seen()).not.toContain(token)
  expect(asked).toEqual([])
  const tracked = await run(['-C', folder, 'rev-parse', 'refs/remotes/origin/topic'])
  expect(tracked.output.trim()).toBe(result?.commit)
  expect(readdirSync(join(root, 'scratch'))).toEqual([])
})

test('[R-103] a shallow clone is pushed from too, and one whose objects lie elsewhere', async () => {
  origin.git('config', 'uploadpack.allowFilter', 'true')
  await prepare(
    { type: 'repository', url: server.url, workBranch: 'topic', shallow: true },
    process.env,
  )
  const folder = join(root, 'clone')
  write(join(folder, 'a'), 'a\n')
  expect(await finish(folder, { url: server.url, token })).toMatchObject({ pushed: true })
  const tree = join(root, 'tree')
  await run(['-C', folder, 'worktree', 'add', '--quiet', '-b', 'side', tree])
  write(join(tree, 'b'), 'b\n')
  expect(await finish(tree, { url: server.url, token })).toMatchObject({
    branch: 'side',
    pushed: true,
  })
  expect(origin.git('log', '--format=%s', '-3', 'side')).toBe('A change\nA change\nSay it louder')
})

test('[R-103] a branch that has the name of a tag is pushed as that branch', async () => {
  await prepare({ type: 'repository', url: server.url, workBranch: 'topic' }, process.env)
  const folder = join(root, 'clone')
  await run(['-C', folder, 'tag', 'topic', 'HEAD'])
  write(join(folder, 'a'), 'a\n')
  const result = await finish(folder, { url: server.url, token })
  expect(result).toMatchObject({ branch: 'topic', pushed: true })
  expect(origin.git('rev-parse', 'refs/heads/topic')).toBe(result?.commit)
})

test('[R-38] a push that is refused is a warning that does not say the token', async () => {
  await prepare({ type: 'repository', url: server.url, workBranch: 'topic' }, process.env)
  write(join(root, 'clone', 'a'), 'a\n')
  const result = await finish(join(root, 'clone'), { url: server.url, token: 'a-wrong-token' })
  expect(result).toMatchObject({
    commit: expect.any(String),
    pushed: false,
    warning: expect.stringMatching(/^The commit was made and not pushed: fatal: Authentication/),
  })
  expect(JSON.stringify(result)).not.toContain('wrong')
})
