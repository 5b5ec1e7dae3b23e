/** Code cut into lines of coloured pieces. Pure: the colouring itself is `highlight.ts`, which is loaded when code is first shown. */

export interface Token {
  readonly text: string
  /** Classes of highlight.js, such as `hljs-keyword`. */
  readonly kind: string | undefined
}
export type CodeLine = readonly Token[]

/** A node of the tree that lowlight makes. */
interface Node {
  readonly type: string
  readonly value?: string
  readonly properties?: { readonly className?: unknown }
  readonly children?: readonly Node[]
}

/** Code without colours. */
export function plainLines(text: string): readonly CodeLine[] {
  return text.split('\n').map((line) => (line === '' ? [] : [{ text: line, kind: undefined }]))
}

/** @returns lines whose joined texts are the text of the tree again */
export function tokenLines(tree: Node): readonly CodeLine[] {
  const lines: Token[][] = [[]]
  walk(tree, undefined, lines)
  return lines
}

function walk(node: Node, kind: string | undefined, lines: Token[][]): void {
  if (node.type === 'text') return addText(node.value ?? '', kind, lines)
  const names = node.properties?.className
  const own = Array.isArray(names) ? names.join(' ') : undefined
  for (const child of node.children ?? []) walk(child, own ?? kind, lines)
}

function addText(text: string, kind: string | undefined, lines: Token[][]): void {
  for (const [index, part] of text.split('\n').entries()) {
    if (index > 0) lines.push([])
    if (part !== '') lines.at(-1)?.push({ text: part, kind })
  }
}

/** What a language is called by a path: its extension, or a file's whole name. */
export function languageOf(path: string): string {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  return (name.includes('.') ? (name.split('.').at(-1) ?? '') : name).toLowerCase()
}
