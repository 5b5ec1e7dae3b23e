/** One line of code in its colours. */
import type { CodeLine } from './code-tokens.ts'

export function CodeLineView({ line }: { readonly line: CodeLine }) {
  return line.map((token, index) =>
    token.kind === undefined ? (
      token.text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- pieces of one line never move
      <span key={index} className={token.kind}>
        {token.text}
      </span>
    ),
  )
}
