/** Tables that a script measures, between two marks of a page of `docs/`. */
import { readFileSync, writeFileSync } from 'node:fs'

/** The comments before and after the table. */
export type Marks = readonly [start: string, end: string]
type Cells = readonly string[]

/** The rows of a table as the page has it, by their first cell. */
export function rowsOf(page: string, [start, end]: Marks): ReadonlyMap<string, Cells> {
  const text = readFileSync(page, 'utf8')
  const lines = text.slice(text.indexOf(start), text.indexOf(end)).split('\n').map(cellsOf)
  return new Map(lines.map((cells) => [cells[0] ?? '', cells]))
}

/** Puts a table between two marks of the page, in place of what stands there. @throws when they are not there */
export function putTable(
  page: string,
  [start, end]: Marks,
  rows: readonly [head: Cells, ...Cells[]],
): void {
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${page} has no place for a table: ${start} … ${end}`)
  const [head, ...others] = rows
  const table = [head, head.map(() => '---'), ...others].map(lineOf).join('\n')
  writeFileSync(page, `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`)
}

function cellsOf(line: string): Cells {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function lineOf(cells: Cells): string {
  return `| ${cells.join(' | ')} |`
}
