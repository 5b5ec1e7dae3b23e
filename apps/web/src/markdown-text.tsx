/**
 * An agent's words as Markdown.
 *
 * Invariants:
 * - W-6 An agent's text never becomes HTML of its own, and showing it loads nothing from anywhere: pictures are links.
 */
import { memo, useDeferredValue, type ComponentProps } from 'react'
import Markdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
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

function OutsideLink({ children, ...rest }: ComponentProps<'a'>) {
  return (
    <a {...rest} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  )
}
