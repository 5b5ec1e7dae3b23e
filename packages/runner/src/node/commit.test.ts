import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type GitRepository, gitRepository, temporaryFolder, waitFor } from '@belay/testing/node'
import { describe, expect, test } from 'vitest'
import { type CommitOptions, commitTurn } from './commit.ts'
import type { Changed, ChangedVersion } from './commit-changes.ts'

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }

function commit(folder: string, more: Partial<CommitOptions> = {}) {
  return commitTurn({
    folder,
    finish: { commit: true },
    text: 'A change',
    env,
    credential: undefined,
    signal: new AbortController().signal,
    msMax: 30_000,
    scratch: join(temporaryFolder('commit'), 'scratch'),
    ...more,
  })
}
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
function version(text: string | Buffer, mode: ChangedVersion['mode'] = '100644'): ChangedVersion {
  return { mode, read: () => Promise.resolve(Buffer.from(text)) }
}
/** A file whose text a turn changed. */
function change(path: string | Buffer, before: string | undefined, after: string | undefined) {
  return {
    path,
    before: before === undefined ? undefined : version(before),
    after: after === undefined ? undefined : version(after),
  } satisfies Changed
}
const names = ({ git }: GitRepository) =>
  git('show', '--name-only', '--format=', 'HEAD').split('\n').filter(Boolean)
/** What is staged and what is not, as `git status` says it. */
const status = ({ path }: GitRepository) =>
  execFileSync('git', ['-C', path, 'status', '--porcelain'], { encoding: 'utf8', env })
    .split('\n')
    .filter(Boolean)
const lines = (...changed: readonly (readonly [number, string])[]) => {
  const texts = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  for (const [index, text] of changed) texts[index] = text
  return `${texts.join('\n')}\n`
}

describe('what the turns changed', () => {
  test('[R-106] is all that is committed, and what a person had staged or not stays so', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('Files', { staged: 's\n', changed: 'c\n', gone: 'g\n', turn: 't\n' })
    write(path, { staged: 'mine\n', fresh: 'mine\n', added: 'mine\n' })
    git('add', 'staged', 'fresh')
    write(path, { changed: 'mine\n', turn: 'turned\n', 'new/file': 'new\n' })
    rmSync(join(path, 'gone'))
    const result = await commit(path, {
      changed: [change('turn', 't\n', 'turned\n'), change('new/file', undefined, 'new\n')],
    })
    expect(result).toEqual({ commit: git('rev-parse', 'HEAD'), branch: 'main' })
    expect(names(repository)).toEqual(['new/file', 'turn'])
    expect(status(repository)).toEqual([
      ' M changed',
      'A  fresh',
      ' D gone',
      'M  staged',
      '?? added',
    ])
  })

  test('[R-106] in a file that the person had changed too is committed by its lines', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('File', { file: lines() })
    const before = lines([2, 'mine'])
    const after = lines([2, 'mine'], [15, 'the turn’s'])
    write(path, { file: after })
    expect(await commit(path, { changed: [change('file', before, after)] })).toMatchObject({
      branch: 'main',
    })
    expect(`${git('show', 'HEAD:file')}\n`).toBe(lines([15, 'the turn’s']))
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe(after)
    expect(status(repository)).toEqual([' M file'])
    expect(git('diff', '--unified=0', 'file')).toMatch(/^-line 2\n\+mine$/m)
  })

  test('[R-108] in a file that the person had staged is committed, and theirs is still what is staged', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('File', { file: lines() })
    const before = lines([2, 'mine'])
    write(path, { file: before })
    git('add', 'file')
    const after = lines([2, 'mine'], [15, 'the turn’s'])
    write(path, { file: after })
    await commit(path, { changed: [change('file', before, after)] })
    expect(`${git('show', 'HEAD:file')}\n`).toBe(lines([15, 'the turn’s']))
    expect(status(repository)).toEqual(['M  file'])
    expect(`${git('show', ':file')}\n`).toBe(after)
  })

  test('[R-106] on the lines that the person had changed stays uncommitted, and is named', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    const head = repository.commit('Files', { file: lines(), other: 'o\n' })
    const after = lines([2, 'the turn’s'])
    write(path, { file: after, other: 'turned\n' })
    const both = change('file', lines([2, 'mine']), after)
    const told = 'file holds uncommitted work of yours on the same lines; it was not committed.'
    expect(await commit(path, { changed: [both] })).toEqual({
      warning: `Nothing was committed: ${told}`,
    })
    expect(git('rev-parse', 'HEAD')).toBe(head)
    expect(
      await commit(path, { changed: [both, change('other', 'o\n', 'turned\n')] }),
    ).toMatchObject({ commit: expect.any(String), warning: told })
    expect(names(repository)).toEqual(['other'])
    expect(status(repository)).toEqual([' M file'])
  })

  test.each([
    ['a file that the person had made and not added', 'mine\n', 'turned\n', 'new'],
    ['one that the person had changed and the turn removed', 'mine\n', undefined, 'README.md'],
    ['one that is no text', 'a\0mine', 'a\0turned', 'binary'],
  ])('[R-106] of %s stays uncommitted', async (_, before, after, name) => {
    const repository = gitRepository()
    const head = repository.commit('Binary', { binary: 'a\0first' })
    const result = await commit(repository.path, { changed: [change(name, before, after)] })
    expect(result?.warning).toContain(`${name} holds uncommitted work of yours`)
    expect(repository.git('rev-parse', 'HEAD')).toBe(head)
  })

  test('[R-106] of modes, links, odd names and removed files is committed as it is', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('Files', { script: 's\n', 'folder/a': 'a\n', plain: 'p\n', file: 'f\n' })
    const odd = Buffer.concat([Buffer.from('n\xe4me', 'latin1'), Buffer.from(' "\n*:(x)')])
    const changed: Changed[] = [
      { path: 'script', before: version('s\n'), after: version('s\n', '100755') },
      change('folder/a', 'a\n', undefined),
      { path: 'folder', before: undefined, after: version('plain', '120000') },
      change('file', 'f\n', undefined),
      change('file/inside', undefined, 'i\n'),
      change(odd, undefined, 'odd\n'),
    ]
    rmSync(join(path, 'folder'), { recursive: true })
    symlinkSync('plain', join(path, 'folder'))
    rmSync(join(path, 'file'))
    write(path, { 'file/inside': 'i\n' })
    chmodSync(join(path, 'script'), 0o755)
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), odd]), 'odd\n')
    expect(await commit(path, { changed })).toMatchObject({ branch: 'main' })
    const raw = execFileSync('git', ['-C', path, 'ls-tree', '-r', '-z', 'HEAD'], { env })
    const tree = raw.toString('latin1').split('\0').filter(Boolean)
    expect(tree.map((line) => line.replace(/ \w+ \w+\t/, ' '))).toEqual([
      '100644 README.md',
      '100644 file/inside',
      '120000 folder',
      `100644 ${odd.toString('latin1')}`,
      '100644 plain',
      '100755 script',
      '100644 src/hello.js',
    ])
    expect(status(repository)).toEqual([])
    git('fsck', '--strict')
  })

  test('[R-106] that somebody else put in the place of a folder is not committed over what lies there', async () => {
    const repository = gitRepository()
    const head = repository.commit('Folder', { 'folder/a': 'a\n', 'folder/b': 'b\n' })
    const result = await commit(repository.path, {
      changed: [
        change('folder/a', 'a\n', undefined),
        change('folder/b', 'mine\n', undefined),
        { path: 'folder', before: undefined, after: version('README.md', '120000') },
      ],
    })
    expect(result?.warning).toContain('folder/b')
    expect(result?.commit).toBeUndefined()
    expect(repository.git('rev-parse', 'HEAD')).toBe(head)
  })

  test('[R-106] is kept as the person’s settings keep it: line ends and filters', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('Files', {
      '.gitattributes': '*.txt text eol=crlf\n*.up filter=up\n',
      'a.txt': 'one\ntwo\n',
      'b.up': 'one\n',
    })
    git('config', 'filter.up.clean', 'tr a-z A-Z')
    repository.commit('Filtered', { 'b.up': 'two\n' })
    write(path, { 'a.txt': 'one\r\nthree\r\n', 'b.up': 'three\n' })
    const result = await commit(path, {
      changed: [
        change('a.txt', 'one\r\ntwo\r\n', 'one\r\nthree\r\n'),
        change('b.up', 'two\n', 'three\n'),
      ],
    })
    expect(result).toMatchObject({ branch: 'main' })
    expect(result?.warning).toBeUndefined()
    expect(git('show', 'HEAD:a.txt')).toBe('one\nthree')
    expect(git('show', 'HEAD:b.up')).toBe('THREE')
    expect(status(repository)).toEqual([])
  })

  test('[R-107] and is ignored is not committed unless it is tracked', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    write(path, { '.gitignore': 'out/\n*.log\n', 'kept.log': 'k\n' })
    git('add', '--force', '.gitignore', 'kept.log')
    git('commit', '--quiet', '-m', 'Ignore')
    write(path, { 'kept.log': 'turned\n', 'out/a': 'a\n', 'b.log': 'b\n', c: 'c\n' })
    await commit(path, {
      changed: [
        change('kept.log', 'k\n', 'turned\n'),
        change('out/a', undefined, 'a\n'),
        change('b.log', undefined, 'b\n'),
        change('c', undefined, 'c\n'),
      ],
    })
    expect(names(repository)).toEqual(['c', 'kept.log'])
  })

  test('[R-105] in a repository of its own, or behind a link, is named and not committed', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    git('init', '--quiet', join(path, 'inner'))
    write(path, { 'inner/deep/file': 'i\n', a: 'a\n' })
    symlinkSync(temporaryFolder('elsewhere'), join(path, 'away'))
    const submodule = gitRepository()
    git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', submodule.path, 'sub')
    git('commit', '--quiet', '-m', 'Submodule')
    git('submodule', '--quiet', 'deinit', '--force', 'sub')
    const result = await commit(path, {
      changed: [
        change('inner/deep/file', undefined, 'i\n'),
        change('sub/README.md', undefined, 's\n'),
        change('away/file', undefined, 'x\n'),
        change('a', undefined, 'a\n'),
      ],
    })
    expect(names(repository)).toEqual(['a'])
    expect(result?.warning).toBe(
      'inner/deep/file, sub/README.md lies in a repository of its own; it was not committed. away/file lies behind a link; it was not committed.',
    )
    expect(git('ls-tree', 'HEAD', 'sub')).toContain('160000')
  })

  test('[R-106] that is committed already is nothing to commit', async () => {
    const repository = gitRepository()
    const head = repository.commit('By the agent', { a: 'turned\n' })
    expect(await commit(repository.path, { changed: [change('a', 'a\n', 'turned\n')] })).toBe(
      undefined,
    )
    expect(repository.git('rev-parse', 'HEAD')).toBe(head)
  })

  test('[R-106] and a hook changed once more is committed as the hook left it', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    write(path, {
      '.git/hooks/pre-commit': '#!/bin/sh\necho formatted > a && git add a\n',
      a: 'a\n',
      mine: 'm\n',
    })
    chmodSync(join(path, '.git/hooks/pre-commit'), 0o755)
    await commit(path, { changed: [change('a', undefined, 'a\n')] })
    expect(git('show', 'HEAD:a')).toBe('formatted')
    expect(names(repository)).toEqual(['a'])
    expect(status(repository)).toEqual(['?? mine'])
  })
})

describe('where', () => {
  test('[R-104] a package of a repository is in it, and only what lies below the package is committed', async () => {
    const repository = gitRepository()
    const { path } = repository
    repository.commit('Packages', { 'apps/api/a': 'a\n', 'apps/web/b': 'b\n' })
    write(path, { 'apps/api/a': 'turned\n', 'apps/api/new': 'n\n', 'apps/web/b': 'mine\n' })
    const folder = join(path, 'apps/api')
    expect(await commit(folder)).toMatchObject({ branch: 'main' })
    expect(names(repository)).toEqual(['apps/api/a', 'apps/api/new'])
    write(folder, { a: 'again\n' })
    await commit(folder, { changed: [change('a', 'turned\n', 'again\n')] })
    expect(names(repository)).toEqual(['apps/api/a'])
    expect(status(repository)).toEqual([' M apps/web/b'])
  })

  test('[R-104] the first commit is made, and on no branch none is', async () => {
    const path = temporaryFolder('unborn')
    const here = (...args: readonly string[]) =>
      execFileSync('git', ['-C', path, ...args], { encoding: 'utf8', env }).trim()
    here('init', '--quiet', '--initial-branch', 'first')
    write(path, { a: 'a\n', mine: 'm\n', staged: 's\n' })
    here('add', 'staged')
    expect(await commit(path, { changed: [change('a', undefined, 'a\n')] })).toMatchObject({
      branch: 'first',
    })
    expect(here('show', '--name-only', '--format=', 'HEAD')).toBe('a')
    expect(here('status', '--porcelain')).toBe('A  staged\n?? mine')
    here('checkout', '--quiet', '--detach')
    write(path, { a: 'b\n' })
    expect(await commit(path)).toEqual({
      warning: 'Nothing was committed: the workspace is on no branch.',
    })
    expect(await commit(temporaryFolder('no-repository'))).toEqual({
      warning: 'Nothing was committed: the folder is no Git repository.',
    })
  })

  test.each([
    ['a merge', ['merge', 'side']],
    ['a cherry-pick', ['cherry-pick', 'side']],
    ['files of the repository', ['stash', 'pop']],
  ])('[R-104] in the middle of %s nothing is committed', async (what, command) => {
    const repository = gitRepository()
    const { path, git } = repository
    git('branch', 'side')
    write(path, { 'README.md': 'stashed\n' })
    git('stash')
    repository.commit('Here', { 'README.md': 'here\n' })
    git('checkout', '--quiet', 'side')
    repository.commit('There', { 'README.md': 'there\n' })
    git('checkout', '--quiet', 'main')
    expect(() => git(...command)).toThrow(/Command failed/)
    const before = status(repository)
    write(path, { a: 'a\n' })
    const result = await commit(path, { changed: [change('a', undefined, 'a\n')] })
    expect(result?.warning).toMatch(new RegExp(`^Nothing was committed: ${what} (is|are) `))
    expect(status(repository)).toEqual([...before, '?? a'])
  })

  test.each([
    ['a cherry-pick or revert of several commits', 'sequencer/todo'],
    ['a bisect', 'BISECT_LOG'],
  ])('[R-104] in the middle of %s nothing is committed', async (what, name) => {
    const { path } = gitRepository()
    write(path, { [`.git/${name}`]: '', a: 'a\n' })
    const result = await commit(path, { changed: [change('a', undefined, 'a\n')] })
    expect(result?.warning).toContain(`${what} is under way in the repository`)
  })

  test('[R-104] a worktree commits to its own branch, and a repository of SHA-256 takes a commit too', async () => {
    const repository = gitRepository()
    const tree = join(temporaryFolder('worktree'), 'tree')
    repository.git('worktree', 'add', '--quiet', '-b', 'side', tree)
    write(tree, { a: 'a\n' })
    expect(await commit(tree, { changed: [change('a', undefined, 'a\n')] })).toEqual({
      commit: repository.git('rev-parse', 'side'),
      branch: 'side',
    })
    const path = temporaryFolder('sha256')
    execFileSync('git', ['init', '--quiet', '--object-format=sha256', path])
    write(path, { a: 'a\n', b: 'b\n' })
    await commit(path)
    rmSync(join(path, 'b'))
    const result = await commit(path, { changed: [change('b', 'b\n', undefined)] })
    expect(result?.commit).toHaveLength(64)
    expect(execFileSync('git', ['-C', path, 'status', '--porcelain'], { encoding: 'utf8' })).toBe(
      '',
    )
  })
})

describe('with no list of changes', () => {
  test('[R-105] everything is committed but Belay’s own files and repositories inside', async () => {
    const repository = gitRepository()
    const { path } = repository
    const belay = { 'belay.db': '', token: 't', secret: 's' }
    repository.commit('Belay’s, by mistake', { '.other/token': 'old' })
    for (const folder of ['.belay', 'deep/data', '.other'])
      for (const [name, text] of Object.entries(belay)) write(path, { [join(folder, name)]: text })
    write(path, { '.belay/runners/s1/spool': 'x', a: 'a\n', 'README.md': 'turned\n' })
    write(path, { 'config/token': 'no data folder\n' })
    rmSync(join(path, 'src'), { recursive: true })
    write(path, { src: 'a file now\n' })
    repository.git('init', '--quiet', join(path, 'inner'))
    write(path, { 'inner/file': 'i\n' })
    const result = await commit(path)
    expect(names(repository)).toEqual(['README.md', 'a', 'config/token', 'src', 'src/hello.js'])
    expect(result?.warning).toBe('inner/ lies in a repository of its own; it was not committed.')
    expect(repository.git('show', 'HEAD:.other/token')).toBe('old')
    const objects = repository.git('cat-file', '--batch-check', '--batch-all-objects')
    const secret = repository.git('hash-object', join(path, '.belay/secret'))
    expect(objects).not.toContain(secret)
  })

  test('[R-38] what a sparse checkout leaves out is not removed', async () => {
    const repository = gitRepository()
    const { path, git } = repository
    repository.commit('Folders', { 'in/a': 'a\n', 'out/b': 'b\n' })
    git('sparse-checkout', 'set', 'in')
    write(path, { 'in/a': 'turned\n' })
    await commit(path)
    expect(names(repository)).toEqual(['in/a'])
    write(path, { 'in/a': 'again\n' })
    await commit(path, { changed: [change('in/a', 'turned\n', 'again\n')] })
    expect(names(repository)).toEqual(['in/a'])
    expect(existsSync(join(path, 'out'))).toBe(false)
    expect(status(repository)).toEqual([])
  })
})

describe('stopped or hindered', () => {
  const locks = (path: string) =>
    readdirSync(join(path, '.git'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.lock'),
    )
  function hook(path: string, name: string, script: string): void {
    write(path, { [`.git/hooks/${name}`]: `#!/bin/sh\n${script}\n` })
    chmodSync(join(path, '.git/hooks', name), 0o755)
  }

  test.each([
    ['before', 'pre-commit', false],
    ['after', 'post-commit', true],
  ] as const)(
    '[R-100] a commit that is stopped %s it is made leaves no lock, and the index fits what is there',
    async (_, name, isMade) => {
      const repository = gitRepository()
      const { path, git } = repository
      const head = git('rev-parse', 'HEAD')
      hook(path, name, 'touch .git/at-work; sleep 600')
      write(path, { a: 'a\n' })
      const stop = new AbortController()
      const committing = commit(path, {
        signal: stop.signal,
        changed: [change('a', undefined, 'a\n')],
      })
      await waitFor(() => existsSync(join(path, '.git/at-work')), 'the hook runs', 10_000)
      stop.abort()
      const result = await committing
      expect(result?.warning).toContain('a person stopped it.')
      expect(result?.commit !== undefined).toBe(isMade)
      expect(git('rev-parse', 'HEAD') !== head).toBe(isMade)
      expect(locks(path)).toEqual([])
      expect(status(repository)).toEqual(isMade ? [] : ['?? a'])
    },
  )

  test('[R-108] an index that another command holds for good is told, with what mends it', async () => {
    const repository = gitRepository()
    const { path } = repository
    write(path, { a: 'a\n', '.git/index.lock': '' })
    const result = await commit(path, { changed: [change('a', undefined, 'a\n')] })
    expect(result).toMatchObject({ commit: expect.any(String) })
    expect(result?.warning).toContain('"git reset" mends that')
    expect(locks(path)).toEqual(['index.lock'])
    rmSync(join(path, '.git/index.lock'))
    repository.git('reset', '--quiet')
    expect(status(repository)).toEqual([])
  })

  test('[R-38] a folder of ours that cannot be made is a warning, and is not made with what is above it', async () => {
    const repository = gitRepository()
    write(repository.path, { a: 'a\n' })
    const above = join(temporaryFolder('gone'), 'session')
    const result = await commit(repository.path, { scratch: join(above, 'commit') })
    expect(result?.warning).toMatch(/^Nothing was committed: ENOENT/)
    expect(existsSync(above)).toBe(false)
  })

  test('[R-38] a version that cannot be read any more is a warning, and nothing is changed', async () => {
    const repository = gitRepository()
    const lost: Changed = {
      path: 'a',
      before: undefined,
      after: { mode: '100644', read: () => Promise.reject(new Error('it is gone')) },
    }
    expect(await commit(repository.path, { changed: [lost] })).toEqual({
      warning: 'Nothing was committed: it is gone',
    })
    expect(status(repository)).toEqual([])
  })
})
