import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { MarkdownText } from './markdown-text.tsx'

test('[W-6] HTML in a text stays text', () => {
  const html = renderToStaticMarkup(
    <MarkdownText text={'<img src=x onerror=alert(1)> <script>alert(1)</script> **bold**'} />,
  )
  expect(html).not.toMatch(/<(img|script)/)
  expect(html).toContain('<strong>bold</strong>')
})

test('[W-6] a picture is a link, so showing a text asks no other server', () => {
  const html = renderToStaticMarkup(
    <MarkdownText text={'![a chart](https://elsewhere.example/x.png?secret)'} />,
  )
  expect(html).not.toContain('<img')
  expect(html).toContain('>a chart</a>')
  expect(html).toContain('noreferrer')
})

test('[W-6] a link that would run a program leads nowhere', () => {
  const html = renderToStaticMarkup(<MarkdownText text={'[x](javascript:alert(1))'} />)
  expect(html).not.toContain('javascript:')
})
