/** Colours code. Its grammars are most of its weight, so it is loaded apart from the page (`use-code.ts`). */
import { common, createLowlight } from 'lowlight'
import { type CodeLine, tokenLines } from './code-tokens.ts'

const lowlight = createLowlight(common)

/** Names by which files go that no grammar claims. */
const others: Readonly<Record<string, string>> = {
  mts: 'ts',
  cts: 'ts',
  svelte: 'html',
  vue: 'html',
  console: 'shell',
  jsonl: 'json',
  jsonc: 'json',
  lock: 'yaml',
}

/** @returns nothing for a language without a grammar */
export function highlight(text: string, language: string): readonly CodeLine[] | undefined {
  const name = others[language] ?? language
  return lowlight.registered(name) ? tokenLines(lowlight.highlight(name, text)) : undefined
}
