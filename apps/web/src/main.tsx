/** Puts the page into the document. */
// oxlint-disable-next-line import/no-unassigned-import -- it must run before the protocol's schemas are made
import './without-eval.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('invariant broken: index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
