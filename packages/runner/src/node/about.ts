/**
 * What a checkpoint says beside its files: permissions, empty folders, the rules of what was ignored, repositories inside.
 *
 * Owns: its form on the disk. With it a tree is read back as it was seen.
 */
import { z } from 'zod'
import type { Name } from '../tree/name.ts'
import type { Entry, Tree } from '../tree/tree.ts'
import type { Seen } from './look.ts'

const aboutSchema = z.object({
  /** Permissions other than those most have, and the folders with nothing in them with theirs. */
  perms: z.array(z.tuple([z.string(), z.int()])),
  usual: z.object({ file: z.int(), program: z.int() }),
  folders: z.array(z.tuple([z.string(), z.int()])),
  rules: z.array(
    z.object({
      at: z.string(),
      prefix: z.string(),
      everywhere: z.string(),
      files: z.array(z.tuple([z.string(), z.string()])),
    }),
  ),
  inner: z.array(z.string()),
  repository: z.string().optional(),
  /** Of a clone: its commit and branch. */
  head: z.string().optional(),
  branch: z.string().optional(),
})
export type About = z.infer<typeof aboutSchema>

export interface Head {
  readonly head?: string
  readonly branch?: string
}

export function aboutOf({ tree, rules, inner, repository }: Seen, head: Head): string {
  const usual = { file: mostOf(tree, '100644', 0o644), program: mostOf(tree, '100755', 0o755) }
  const perms: About['perms'] = []
  const folders: About['folders'] = []
  for (const [name, { mode, perm }] of tree) {
    if (mode === '040000') folders.push([name, perm])
    else if (perm !== usualOf(mode, usual)) perms.push([name, perm])
  }
  const about: About = {
    perms,
    usual,
    folders,
    rules: rules.map((one) => ({ ...one, files: one.files.map(([at, text]) => [at, text]) })),
    inner: [...inner],
    ...(repository === undefined ? {} : { repository }),
    ...head,
  }
  return JSON.stringify(about)
}

/** @throws when it is none */
export function readAbout(text: string): About {
  return aboutSchema.parse(JSON.parse(text))
}

/** The tree as it was seen. @param files as Git gives them back */
export function treeWith(files: ReadonlyMap<Name, Entry>, about: About): Tree {
  const tree = new Map<Name, Entry>()
  const perms = new Map(about.perms)
  for (const [name, entry] of files)
    tree.set(name, { ...entry, perm: perms.get(name) ?? usualOf(entry.mode, about.usual) })
  for (const [name, perm] of about.folders) tree.set(name, { mode: '040000', perm, blob: '' })
  return tree
}

function usualOf(mode: Entry['mode'], usual: About['usual']): number {
  return mode === '120000' ? 0 : mode === '100755' ? usual.program : usual.file
}

function mostOf(tree: Tree, mode: Entry['mode'], otherwise: number): number {
  const counts = new Map<number, number>()
  for (const entry of tree.values())
    if (entry.mode === mode) counts.set(entry.perm, (counts.get(entry.perm) ?? 0) + 1)
  let most = otherwise
  for (const [perm, count] of counts) if (count > (counts.get(most) ?? 0)) most = perm
  return most
}
