/**
 * An agent's words as Markdown.
 *
 * Invariants:
 * - W-6 An agent's text never becomes HTML of its own, and showing it loads nothing from anywhere: pictures are links.
 * - W-73 Words may be drawn late only at the end of what is read: nothing is on the screen whose words before it are not.
 */
import { memo, useDeferredValue, type ComponentProps } from 'react'
import Markdown, { type Components, type ExtraProps } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { CodeBlock } from './code-block.tsx'
import { markdownParts } from './markdown-parts.ts'

const plugins = [remarkGfm]

const components: Components = {
  a: ({ node: _node, ...rest }) => <OutsideLink {...rest} />,
  img: ({ src, alt }) => (
    <OutsideLink href={typeof src === 'string' ? src : undefined}>
      {alt === undefined || alt === '' ? 'picture' : alt}
    </OutsideLink>
  ),
  // A wide table scrolls by itself instead of pushing the page.
  table: ({ node: _node, ...rest }) => (
    <div className="table-box">
      <table {...rest} />
    </div>
  ),
  pre: ({ node, children }) => {
    const code = codeOf(node)
    return code === undefined ? <pre>{children}</pre> : <CodeBlock {...code} />
  },
}

interface MarkdownTextProps {
  readonly text: string
  /** Whether it stands at the end of what is read, where more may come. */
  readonly grows?: boolean
}

export const MarkdownText = memo(function MarkdownText({ text, grows = false }: MarkdownTextProps) {
  const parts = markdownParts(text)
  return parts.map((part, index) => (
    // oxlint-disable-next-line react/no-array-index-key -- a part never moves
    <Part key={index} text={part} grows={grows && index === parts.length - 1} />
  ))
})

interface PartProps {
  readonly text: string
  readonly grows: boolean
}

const Part = memo(function Part({ text: newest, grows }: PartProps) {
  // While much arrives at once, the newest words may skip a drawing rather than hold up typing. Only at the very end:
  // what something else follows would otherwise lack its last words for a moment.
  const later = useDeferredValue(newest)
  const text = grows ? later : newest
  return (
    <div className="markdown">
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  )
})

/** The text and the language of a `pre` that holds code alone. */
function codeOf(node: ExtraProps['node']) {
  const code = node?.children[0]
  if (code?.type !== 'element') return undefined
  const [text] = code.children
  const names = code.properties['className']
  const name = Array.isArray(names) ? names.join(' ') : ''
  return {
    text: text?.type === 'text' ? text.value.replace(/\n$/, '') : '',
    language: (/language-(\S+)/.exec(name)?.[1] ?? '').toLowerCase(),
  }
}

function OutsideLink({ children, ...rest }: ComponentProps<'a'>) {
  return (
    <a {...rest} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  )
}
