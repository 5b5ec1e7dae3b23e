/**
 * What a tool call carries, as parts that can be shown. Agents send more kinds than we know: an unknown one is
 * shown as its JSON, never dropped. Pure.
 */

export type ToolPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'diff'
      readonly path: string
      readonly oldText: string | undefined
      readonly newText: string
    }
  | { readonly type: 'json'; readonly text: string }

type Loose = Readonly<Record<string, unknown>>

/** @param content ACP tool call content */
export function toolParts(content: readonly Loose[]): readonly ToolPart[] {
  return content.flatMap((item) => {
    const part = partOf(item)
    return part === undefined ? [] : [part]
  })
}

function partOf(item: Loose): ToolPart | undefined {
  if (item['type'] === 'content' && isRecord(item['content'])) return blockOf(item['content'])
  if (
    item['type'] === 'diff' &&
    typeof item['path'] === 'string' &&
    typeof item['newText'] === 'string'
  ) {
    const old = item['oldText']
    return {
      type: 'diff',
      path: item['path'],
      oldText: typeof old === 'string' ? old : undefined,
      newText: item['newText'],
    }
  }
  return { type: 'json', text: pretty(item) }
}

function blockOf(block: Loose): ToolPart | undefined {
  if (block['type'] !== 'text' || typeof block['text'] !== 'string')
    return { type: 'json', text: pretty(block) }
  const text = unfenced(block['text'])
  return text === '' ? undefined : { type: 'text', text }
}

/** Some agents wrap plain output in a Markdown fence; the card is a code block already. */
function unfenced(text: string): string {
  const fence = /^\s*(`{3,})[^\n`]*\n([\s\S]*?)\n?\1\s*$/.exec(text)
  return fence?.[2] ?? text.replace(/\s+$/, '')
}

/** A value nobody described, for reading: a command as its words, else JSON. */
export function pretty(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, undefined, 2) ?? String(value)
}

/** A path as a person would say it: relative to the session's folder when it lies in it. */
export function shortPath(path: string, folder: string | undefined): string {
  if (folder === undefined || folder === '') return path
  const root = /[\\/]$/.test(folder) ? folder : `${folder}${folder.includes('\\') ? '\\' : '/'}`
  return path.startsWith(root) ? path.slice(root.length) : path
}

function isRecord(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
