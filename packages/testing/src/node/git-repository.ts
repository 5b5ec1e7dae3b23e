/** A real Git repository with commits, for agents to work on. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

export interface GitRepository {
  readonly path: string
  /** Runs git there. @returns its trimmed output. @throws when it fails. */
  git(...args: readonly string[]): string
  /** Writes the files and commits them. @returns the commit. */
  commit(message: string, files: Readonly<Record<string, string>>): string
}

const person = {
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
}

/** A repository with branch `main` and two commits, removed when the process ends. */
export function gitRepository(): GitRepository {
  const path = temporaryFolder('repository')
  // The person's own settings (hooks, signing) must not change what a test does.
  const env = {
    ...process.env,
    ...person,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  }
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: path, env, encoding: 'utf8', stdio: 'pipe' }).trim()
  const commit = (message: string, files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true })
      writeFileSync(join(path, name), text)
    }
    git('add', '--all')
    git('commit', '--quiet', '--message', message)
    return git('rev-parse', 'HEAD')
  }
  git('init', '--quiet', '--initial-branch', 'main')
  commit('Say hello', { 'README.md': '# Hello\n', 'src/hello.js': "console.log('hello')\n" })
  commit('Say it louder', { 'src/hello.js': "console.log('HELLO')\n" })
  return { path, git, commit }
}
