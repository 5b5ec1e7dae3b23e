/** What a browser has to fetch before the page can be used, as bytes on the line. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

interface Weight {
  readonly name: string
  readonly bytes: number
  readonly gzipBytes: number
}

export interface BuiltWeight {
  /** Scripts that `index.html` names, and what these name in turn without being asked. */
  readonly scripts: readonly Weight[]
  readonly styles: readonly Weight[]
  /** Scripts that are fetched when they are needed. */
  readonly later: readonly Weight[]
}

/** @param dist the folder of the built page */
export function weigh(dist: string): BuiltWeight {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => path ?? '')
  const first = named.filter((path) => path.endsWith('.js'))
  const scripts = [...withImports(dist, first)]
  const all = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`)
  return {
    scripts: scripts.map((path) => weight(dist, path)),
    styles: named.filter((path) => path.endsWith('.css')).map((path) => weight(dist, path)),
    later: all
      .filter((path) => path.endsWith('.js') && !scripts.includes(path))
      .map((path) => weight(dist, path)),
  }
}

/** Static imports count, dynamic ones do not. */
function withImports(dist: string, paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const left = [...paths]
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (found.has(path)) continue
    found.add(path)
    const text = readFileSync(join(dist, path), 'utf8')
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g))
      left.push(`assets/${name}`)
  }
  return found
}

function weight(dist: string, path: string): Weight {
  const content = readFileSync(join(dist, path))
  return { name: path, bytes: content.length, gzipBytes: gzipSync(content).length }
}

export function sum(weights: readonly Weight[]): number {
  return weights.reduce((total, { gzipBytes }) => total + gzipBytes, 0)
}
