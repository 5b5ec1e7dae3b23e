/**
 * An agent's words as Markdown.
 *
 * Invariants:
 * - W-6 An agent's text never becomes HTML of its own, and showing it loads nothing from anywhere: pictures are links.
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

export const MarkdownText = memo(function MarkdownText({ text }: { readonly text: string }) {
  // While much arrives at once, the newest text may skip a drawing rather than hold up typing.
  const parts = markdownParts(useDeferredValue(text))
  // oxlint-disable-next-line react/no-array-index-key -- a part never moves
  return parts.map((part, index) => <Part key={index} text={part} />)
})

const Part = memo(function Part({ text }: { readonly text: string }) {
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
