/** A block of code in an agent's text: coloured once it is known how, and ready to be copied. */
import { memo } from 'react'
import { CodeLineView } from './code-line.tsx'
import { CopyButton } from './copy-button.tsx'
import { useCode } from './use-code.ts'

interface CodeBlockProps {
  readonly text: string
  /** As the agent named it; empty when it did not. */
  readonly language: string
}

export const CodeBlock = memo(function CodeBlock({ text, language }: CodeBlockProps) {
  const lines = useCode(text, language)
  return (
    <figure className="code-block" aria-label={language === '' ? 'Code' : `Code: ${language}`}>
      <figcaption>
        <span>{language}</span>
        <CopyButton label="Copy code" text={() => text} />
      </figcaption>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
      <pre tabIndex={0}>
        <code>
          {lines.map((line, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- a line's place is its identity
            <span key={index} className="code-line">
              <CodeLineView line={line} />
              {'\n'}
            </span>
          ))}
        </code>
      </pre>
    </figure>
  )
})
