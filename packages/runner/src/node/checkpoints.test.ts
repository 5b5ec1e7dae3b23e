import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { deadlines, limits } from '@belay/protocol'
import { type GitRepository, gitRepository, temporaryFolder } from '@belay/testing/node'
import { describe, expect, test, vi } from 'vitest'
import { type CheckpointOptions, Checkpoints } from './checkpoints.ts'
import { commitTurn } from './commit.ts'

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }

function checkpointsOf(workspace: string, more: Partial<CheckpointOptions> = {}): Checkpoints {
  return new Checkpoints({
    path: join(temporaryFolder('shadow'), 'checkpoints.git'),
    workspace,

    origin: workspace,
    dataFolder: '/nowhere',
    env,
    bounds: deadlines,
    ...more,
  })
}
const before = (turn: number) => ({ turn, at: 'before', hurried: false }) as const
const after = (turn: number) => ({ turn, at: 'after', hurried: false }) as const
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
/** Every file with its bytes, mode and link, but for `.git`. */
function tree(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name === '.git') continue
    if (entry.isDirectory()) {
      for (const [name, what] of Object.entries(tree(path))) found[join(entry.name, name)] = what
    } else if (entry.isSymbolicLink()) found[entry.name] = `→ ${readlinkSync(path)}`
    else
      found[entry.name] =
        `${(statSync(path).mode & 0o111) > 0 ? 'x ' : ''}${readFileSync(path, 'latin1')}`
  }
  return found
}

/** Everything of a repository that is the person's. */
function persons(repository: GitRepository): unknown {
  const at = (name: string) => readFileSync(join(repository.path, '.git', name)).toString('base64')
  return {
    index: at('index'),
    head: at('HEAD'),
    config: at('config'),
    refs: repository.git('for-each-ref'),
    stash: repository.git('stash', 'list'),
    names: readdirSync(join(repository.path, '.git')).toSorted(),
  }
}

describe('checkpoints', () => {
  test('[R-39] say what a turn changed, each file with its lines, and the patch', async () => {
    const repository = gitRepository()
    const checkpoints = checkpointsOf(repository.path)
    writeFileSync(join(repository.path, '.gitignore'), 'ignored\n')
    expect(await checkpoints.save(before(1))).toEqual({})
    write(repository.path, { 'new file.txt': 'a\nb\n', ignored: 'x', 'README.md': '# Hullo\n' })
    writeFileSync(join(repository.path, 'bytes'), Buffer.from([0, 1, 2]))
    rmSync(join(repository.path, 'src/hello.js'))
    const { changes, warning } = await checkpoints.save(after(1))
    expect(warning).toBeUndefined()
    expect(changes?.files).toEqual([
      { path: 'README.md', status: 'changed', added: 1, removed: 1 },
      { path: 'bytes', status: 'added' },
      { path: 'new file.txt', status: 'added', added: 2, removed: 0 },
      { path: 'src/hello.js', status: 'removed', added: 0, removed: 1 },
    ])
    expect(changes?.patch).toContain('-# Hello\n+# Hullo\n')
    expect(changes?.patch).not.toContain('ignored')
  })

  test('[R-39] of a turn that changed nothing say so, and of one they cannot compare why', async () => {
    const checkpoints = checkpointsOf(gitRepository().path)
    await checkpoints.save(before(1))
    expect(await checkpoints.save(after(1))).toEqual({ changes: { files: [], patch: '' } })
  })

  test('[R-39] cut a patch at the end of a line, and a list of files where it is too long', async () => {
    const folder = temporaryFolder('folder')
    const checkpoints = checkpointsOf(folder)
    await checkpoints.save(before(1))
    write(folder, { big: '"\u0001 some words\n'.repeat(30_000) })
    for (let index = 0; index < 900; index++)
      write(folder, { [`many/${'n'.repeat(60)}${index}`]: '' })
    const { changes } = await checkpoints.save(after(1))
    expect(Buffer.byteLength(JSON.stringify(changes))).toBeLessThan(limits.eventBytesMax - 4096)
    expect(changes?.patch.match(/^… \[cut by Belay: the patch goes on\]$/gm)).toHaveLength(1)
    expect(changes?.patch.match(/^diff --git /gm)).toHaveLength(changes?.files.length ?? 0)
    expect((changes?.files.length ?? 0) + (changes?.more ?? 0)).toBe(901)
  })

  test('[R-33] leave the index, the branches, the stash and the hooks of the person alone', async () => {
    const repository = gitRepository()
    write(repository.path, { staged: 'staged', 'README.md': 'stashed' })
    repository.git('stash')
    write(repository.path, { staged: 'staged', untracked: 'u', 'README.md': '# Changed\n' })
    repository.git('add', 'staged')
    const hooks = join(repository.path, '.git/hooks')
    mkdirSync(hooks, { recursive: true })
    for (const hook of [
      'post-index-change',
      'pre-commit',
      'post-checkout',
      'reference-transaction',
    ]) {
      write(hooks, { [hook]: `#!/bin/sh\ntouch ${join(repository.path, 'hooked')}\n` })
      chmodSync(join(hooks, hook), 0o755)
    }
    const mine = persons(repository)
    const checkpoints = checkpointsOf(repository.path)
    await checkpoints.save(before(1))
    write(repository.path, { another: 'a' })
    expect((await checkpoints.save(after(1))).changes?.files).toHaveLength(1)
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 1 })
    expect(persons(repository)).toEqual(mine)
    expect(existsSync(join(repository.path, 'hooked'))).toBe(false)
  })

  test('[R-33] keep files as their bytes are, whatever the attributes and filters say', async () => {
    const repository = gitRepository()
    write(repository.path, {
      '.gitattributes': '*.txt text eol=crlf\n*.bin filter=evil\n*.c ident\n',
      'a.txt': 'one\ntwo\r\n',
      'b.bin': 'raw',
      'c.c': '$Id: me $',
    })
    repository.git('config', 'filter.evil.clean', 'touch evil; cat')
    repository.git('config', 'filter.evil.smudge', 'touch evil; cat')
    const was = tree(repository.path)
    const checkpoints = checkpointsOf(repository.path)
    await checkpoints.save(before(1))
    for (const name of ['a.txt', 'b.bin', 'c.c']) rmSync(join(repository.path, name))
    await checkpoints.save(after(1))
    await checkpoints.restore({ turn: 1, to: 'before' })
    expect(tree(repository.path)).toEqual(was)
  })

  test('[R-36] are restored exactly: contents, modes, links, what was added is gone, what is ignored stays', async () => {
    const folder = temporaryFolder('folder')
    write(folder, { '.gitignore': 'cache/\n', a: 'one', 'deep/er/b': 'two', run: '#!/bin/sh\n' })
    chmodSync(join(folder, 'run'), 0o755)
    symlinkSync('a', join(folder, 'link'))
    const first = tree(folder)
    const checkpoints = checkpointsOf(folder)
    await checkpoints.save(before(1))
    write(folder, { a: 'changed', 'added/c': 'three', 'cache/big': 'kept' })
    rmSync(join(folder, 'deep'), { recursive: true })
    rmSync(join(folder, 'link'))
    chmodSync(join(folder, 'run'), 0o644)
    await checkpoints.save(after(1))
    const second = tree(folder)
    write(folder, { 'not saved': 'by any turn' })
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual({ files: 5 })
    const others = { 'cache/big': 'kept', 'not saved': 'by any turn' }
    expect(tree(folder)).toEqual({ ...first, ...others })
    expect(existsSync(join(folder, 'added'))).toBe(false)
    await checkpoints.restore({ turn: 1, to: 'after' })
    expect(tree(folder)).toEqual({ ...second, ...others })
    expect(await checkpoints.restore({ turn: 7, to: 'before' })).toEqual({
      message: 'There is no checkpoint before turn 7.',
    })
  })

  test('[R-36] keep what was there before a restore', async () => {
    const folder = temporaryFolder('folder')
    const path = join(temporaryFolder('shadow'), 'checkpoints.git')
    const checkpoints = checkpointsOf(folder, { path })
    await checkpoints.save(before(1))
    write(folder, { precious: 'words' })
    await checkpoints.save(after(1))
    await checkpoints.restore({ turn: 1, to: 'before' })
    expect(existsSync(join(folder, 'precious'))).toBe(false)
    const git = (...args: string[]) =>
      execFileSync('git', ['--git-dir', path, ...args], { encoding: 'utf8' })
    const refs = git('for-each-ref', '--format=%(refname)', 'refs/checkpoints').trim().split('\n')
    const holding = refs.filter((ref) =>
      git('ls-tree', '-r', '--name-only', ref).includes('precious'),
    )
    expect(git('show', `${holding[0]}:files/precious`)).toBe('words')
  })

  test('[R-66] what a restore found can be put back, and that again', async () => {
    const folder = temporaryFolder('folder')
    write(folder, { a: 'one' })
    const checkpoints = checkpointsOf(folder)
    await checkpoints.save(before(1))
    const undo = { turn: 1, to: 'undo' } as const
    expect(await checkpoints.restore(undo)).toEqual({
      message: 'It was not put back yet, so there is nothing to undo.',
    })
    write(folder, { a: 'two', precious: 'words' })
    await checkpoints.save(after(1))
    const found = tree(folder)
    await checkpoints.restore({ turn: 1, to: 'before' })
    const putBack = tree(folder)
    expect(putBack).not.toEqual(found)
    expect(await checkpoints.restore(undo)).toEqual({ files: 2 })
    expect(tree(folder)).toEqual(found)
    expect(await checkpoints.restore(undo)).toEqual({ files: 2 })
    expect(tree(folder)).toEqual(putBack)
  })

  test('[R-33] are not broken by repositories inside, whatever state they are in', async () => {
    const outer = gitRepository()
    const inner = gitRepository()
    outer.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '--quiet', inner.path, 'sub')
    outer.git('commit', '--quiet', '-m', 'with a submodule')
    execFileSync('git', ['init', '--quiet', join(outer.path, 'empty')])
    execFileSync('git', ['clone', '--quiet', inner.path, join(outer.path, 'nested')])
    write(outer.path, { 'nested/dirty': 'd', plain: 'p' })
    const checkpoints = checkpointsOf(outer.path)
    expect(await checkpoints.save(before(1))).toEqual({})
    write(outer.path, { plain: 'changed', 'sub/also': 'x' })
    expect((await checkpoints.save(after(1))).changes?.files).toEqual([
      { path: 'plain', status: 'changed', added: 1, removed: 1 },
      { path: 'sub/also', status: 'added', added: 1, removed: 0 },
    ])
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toMatchObject({
      files: 2,
      notes: [expect.stringContaining('sub/ is a Git repository of its own')],
    })
    expect(readFileSync(join(outer.path, 'nested/dirty'), 'utf8')).toBe('d')
    expect(existsSync(join(outer.path, 'sub/also'))).toBe(false)
  })

  test('[R-35] that take too long are a warning; the second in a row is the last that is tried', async () => {
    const folder = temporaryFolder('folder')
    write(folder, { a: 'a' })
    const checkpoints = checkpointsOf(folder, { bounds: { ...deadlines, checkpointMs: 1 } })
    expect((await checkpoints.save(before(1))).warning).toContain('took longer than')
    expect(await checkpoints.save(after(1))).toEqual({
      problem: 'there is no checkpoint before it.',
    })
    expect((await checkpoints.save(before(2))).warning).toContain('until the agent is woken again')
    expect(await checkpoints.save(before(3))).toEqual({})
  })

  test('[R-35] that take too long say how long they had', async () => {
    const folder = temporaryFolder('folder')
    const checkpoints = checkpointsOf(folder, { bounds: { ...deadlines, restoreMs: 1 } })
    await checkpoints.save(before(1))
    write(folder, { a: 'a' })
    await checkpoints.save(after(1))
    await checkpoints.ready()
    // Something to look at: what is all as it was takes no time.
    write(folder, { b: 'b' })
    const late = { message: 'it took longer than 1 second.' }
    expect(await checkpoints.plan({ turn: 1, to: 'before' })).toEqual(late)
    expect(await checkpoints.restore({ turn: 1, to: 'before' })).toEqual(late)
    expect(existsSync(join(folder, 'a'))).toBe(true)
  })

  test('[R-35] of a folder that is too large are a warning, before anything of it is copied', async () => {
    const folder = temporaryFolder('folder')
    const big = join(folder, 'big')
    writeFileSync(big, '')
    truncateSync(big, limits.checkpointBytesMax + 1)
    const checkpoints = checkpointsOf(folder)
    expect((await checkpoints.save(before(1))).warning).toContain('1 GiB are new')
  })

  test('[R-35] that a killed runner left half are made again', async () => {
    const folder = temporaryFolder('folder')
    const path = join(temporaryFolder('shadow'), 'checkpoints.git')
    const first = checkpointsOf(folder, { path })
    await first.save(before(1))
    writeFileSync(join(path, 'index.lock'), '')
    writeFileSync(join(path, 'refs/checkpoints/2.lock'), '')
    writeFileSync(join(path, 'refs/checkpoints/1.lock'), '')
    write(folder, { a: 'a' })
    const next = checkpointsOf(folder, { path })
    expect(await next.save(before(2))).toEqual({})
    write(folder, { b: 'b' })
    expect((await next.save(after(2))).changes?.files).toHaveLength(1)
  })

  test('[R-34] come one after the other, in the order they were asked for', async () => {
    const folder = temporaryFolder('folder')
    const checkpoints = checkpointsOf(folder)
    const saved = await Promise.all([1, 2, 3].map((turn) => checkpoints.save(before(turn))))
    expect(saved).toEqual([{}, {}, {}])
    const ends: string[] = []
    await Promise.all([
      checkpoints.save(after(1)).then(() => ends.push('save')),
      checkpoints.restore({ turn: 1, to: 'before' }).then(() => ends.push('restore')),
      checkpoints.commit(3, () => Promise.resolve(undefined)).then(() => ends.push('commit')),
    ])
    expect(ends).toEqual(['save', 'restore', 'commit'])
  })

  test('[R-74] never hold the files of Belay itself, of this server or another, whatever the rules say', async () => {
    const home = temporaryFolder('home')
    const dataFolder = join(home, '.belay')
    write(home, { mine: 'm', '.belay/token': 't', '.gitignore': '/*\n!/.*\n!/mine\n' })
    const another = { 'belay.db': 'd', secret: 's', token: 't', 'runners/x/spool': 'words' }
    for (const [name, text] of Object.entries(another)) write(home, { [`.other/${name}`]: text })
    const path = join(dataFolder, 'runners/checkpoints.git')
    mkdirSync(dirname(path), { recursive: true })
    const checkpoints = checkpointsOf(home, { path, dataFolder })
    await checkpoints.save(before(1))
    const names = execFileSync('git', [
      '--git-dir',
      path,
      'ls-tree',
      '-r',
      '--name-only',
      'refs/checkpoints/1',
    ])
    expect(names.toString()).toBe('about\nfiles/.gitignore\nfiles/mine\n')
  })
})

describe('a lost clone', () => {
  function clone(origin: GitRepository): { path: string; git: GitRepository['git'] } {
    const path = join(temporaryFolder('clone'), 'clone')
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', path, ...args], { env, encoding: 'utf8' }).trim()
    execFileSync('git', ['clone', '--quiet', origin.path, path], { env })
    return { path, git }
  }

  test('[R-37] is there again with its branch, its own commits and its uncommitted files', async () => {
    const origin = gitRepository()
    const lost = clone(origin)
    const options = {
      path: join(temporaryFolder('shadow'), 'checkpoints.git'),
      commits: 'here',
      origin: origin.path,
    } as const
    const checkpoints = checkpointsOf(lost.path, options)
    await checkpoints.save(before(1))
    lost.git('checkout', '--quiet', '-b', 'belay/work')
    write(lost.path, { committed: 'only here', 'README.md': '# Ours\n' })
    lost.git('add', '--all')
    const author = ['-c', 'user.name=A', '-c', 'user.email=a@b']
    lost.git(...author, 'commit', '--quiet', '-m', 'mine')
    write(lost.path, { 'not committed': 'either', committed: 'changed' })
    await checkpoints.save(after(1))
    const was = { tree: tree(lost.path), head: lost.git('rev-parse', 'HEAD') }
    rmSync(lost.path, { recursive: true })

    execFileSync('git', ['clone', '--quiet', origin.path, lost.path], { env })
    expect(await checkpointsOf(lost.path, options).recover()).toBe(true)
    expect(tree(lost.path)).toEqual(was.tree)
    expect(lost.git('rev-parse', 'HEAD')).toBe(was.head)
    expect(lost.git('symbolic-ref', '--short', 'HEAD')).toBe('belay/work')
    expect(lost.git('status', '--porcelain').split('\n')).toEqual([
      'M committed',
      '?? "not committed"',
    ])
    lost.git('fsck')
  })

  test('[R-33] is kept and brought back with no hook of the person run, wherever they keep them', async () => {
    const home = temporaryFolder('home')
    const hooks = ['reference-transaction', 'post-checkout', 'post-index-change', 'post-commit']
    for (const hook of hooks) {
      write(home, { [`hooks/${hook}`]: `#!/bin/sh\necho ${hook} >> ${home}/hooked\n` })
      chmodSync(join(home, 'hooks', hook), 0o755)
    }
    write(home, { settings: `[core]\n\thooksPath = ${home}/hooks\n` })
    const origin = gitRepository()
    const lost = clone(origin)
    const options = {
      path: join(temporaryFolder('shadow'), 'checkpoints.git'),
      commits: 'here',
      origin: origin.path,
      env: { ...process.env, GIT_CONFIG_GLOBAL: join(home, 'settings') },
    } as const
    const checkpoints = checkpointsOf(lost.path, options)
    expect(await checkpoints.save(before(1))).toEqual({})
    write(lost.path, { a: 'a' })
    await checkpoints.save(after(1))
    // Its runner is gone, and no other works on its store.
    checkpoints.close()
    await checkpoints.ready()
    rmSync(lost.path, { recursive: true })
    execFileSync('git', ['clone', '--quiet', origin.path, lost.path], { env })
    expect(await checkpointsOf(lost.path, options).recover()).toBe(true)
    expect(tree(home)).not.toHaveProperty('hooked')
  })

  test('[R-37] of another address gets nothing of it, and it is kept aside', async () => {
    const origin = gitRepository()
    const lost = clone(origin)
    const path = join(temporaryFolder('shadow'), 'checkpoints.git')
    await checkpointsOf(lost.path, { path, commits: 'here', origin: 'one' }).save(before(1))
    const other = checkpointsOf(lost.path, { path, commits: 'here', origin: 'two' })
    expect(await other.recover()).toBe(false)
    expect(
      readdirSync(dirname(path)).filter((name) => name.startsWith('checkpoints')),
    ).toHaveLength(2)
  })

  test('[R-37] without any checkpoint is what was cloned', async () => {
    const fresh = clone(gitRepository())
    expect(await checkpointsOf(fresh.path, { commits: 'here' }).recover()).toBe(false)
  })
})

describe('a finish', () => {
  test('[R-106] of a turn that nothing was kept of commits nothing, also not what came before it', async () => {
    const folder = temporaryFolder('folder')
    const checkpoints = checkpointsOf(folder)
    await checkpoints.save(before(1))
    write(folder, { a: 'a' })
    await checkpoints.save(after(1))
    truncateSync(join(folder, 'a'), limits.checkpointBytesMax + 1)
    expect((await checkpoints.save(before(2))).warning).toContain('not saved')
    await checkpoints.save(after(2))
    const run = vi.fn<() => Promise<undefined>>(() => Promise.resolve(undefined))
    expect(await checkpoints.commit(2, run)).toEqual({
      warning: 'Nothing was committed: it is not known what the turn changed.',
    })
    expect(run).not.toHaveBeenCalled()
  })

  test('[R-38] that cannot be noted was made all the same', async () => {
    const folder = temporaryFolder('folder')
    const path = join(temporaryFolder('shadow'), 'checkpoints.git')
    const checkpoints = checkpointsOf(folder, { path })
    await checkpoints.save(before(1))
    write(folder, { a: 'a' })
    await checkpoints.save(after(1))
    mkdirSync(join(path, 'belay-acts/committed'))
    const made = { commit: 'c0ffee', branch: 'main' }
    expect(await checkpoints.commit(1, () => Promise.resolve(made))).toEqual({
      ...made,
      warning: expect.stringContaining('The commit was made, and could not be noted'),
    })
  })

  const finish = (folder: string, more: Partial<Parameters<typeof commitTurn>[0]> = {}) =>
    commitTurn({
      folder,
      finish: { commit: true },
      text: 'Say goodbye\nand mean it',
      env,
      credential: undefined,
      signal: new AbortController().signal,
      msMax: 20_000,
      ...more,
    })

  test('[R-38] commits all changes to the branch, as Belay when the person has set no name', async () => {
    const repository = gitRepository()
    write(repository.path, { new: 'n' })
    const result = await finish(repository.path)
    expect(result).toEqual({ commit: repository.git('rev-parse', 'HEAD'), branch: 'main' })
    expect(repository.git('log', '-1', '--format=%an <%ae> %s')).toBe(
      'Belay <belay@localhost> Say goodbye',
    )
    expect(repository.git('status', '--porcelain')).toBe('')
    expect(await finish(repository.path)).toBeUndefined()
    repository.git('config', 'user.name', 'Ann')
    repository.git('config', 'user.email', 'ann@example.org')
    write(repository.path, { new: 'm' })
    await finish(repository.path, { finish: { commit: true, message: '-m is no option' } })
    expect(repository.git('log', '-1', '--format=%an %s')).toBe('Ann -m is no option')
  })

  test('[R-38] pushes the branch where asked for, and a refusal is a warning on the commit', async () => {
    const origin = gitRepository()
    const path = join(temporaryFolder('clone'), 'clone')
    execFileSync('git', ['clone', '--quiet', origin.path, path])
    execFileSync('git', ['-C', path, 'checkout', '--quiet', '-b', 'topic'])
    write(path, { new: 'n' })
    const push = { commit: true, push: true } as const
    const result = await finish(path, { finish: push })
    expect(result).toEqual({
      commit: origin.git('rev-parse', 'topic'),
      branch: 'topic',
      pushed: true,
    })
    execFileSync('git', ['-C', path, 'checkout', '--quiet', 'main'])
    write(path, { other: 'o' })
    // The branch that is checked out over there may not be pushed to.
    expect(await finish(path, { finish: push })).toMatchObject({
      commit: expect.any(String),
      pushed: false,
      warning: expect.stringContaining('The commit was made and not pushed'),
    })
  })

  test('[R-38] that a hook refuses, or that is stopped, is a warning', async () => {
    const repository = gitRepository()
    const hook = join(repository.path, '.git/hooks/pre-commit')
    write(dirname(hook), { 'pre-commit': '#!/bin/sh\necho not today >&2; exit 1\n' })
    chmodSync(hook, 0o755)
    write(repository.path, { new: 'n' })
    expect(await finish(repository.path)).toEqual({
      warning: 'Nothing was committed: not today',
    })
    const stop = new AbortController()
    stop.abort()
    expect(await finish(repository.path, { signal: stop.signal })).toEqual({
      warning: 'Nothing was committed: a person stopped it.',
    })
  })
})
