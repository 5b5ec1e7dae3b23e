/** One item of a transcript, by its type, with what can be done with every item: copy it, and copy a link to it. */
import { memo } from 'react'
import type { Item } from '@belay/client'
import { ChangesCard } from './changes-card.tsx'
import { CopyButton } from './copy-button.tsx'
import { ItemScope } from './folds.ts'
import { itemText } from './item-text.ts'
import { MarkdownText } from './markdown-text.tsx'
import { NoticeLine } from './notice-line.tsx'
import { PermissionCard } from './permission-card.tsx'
import { PlanCard } from './plan-card.tsx'
import { Prompt } from './prompt-item.tsx'
import { Thought } from './thought-item.tsx'
import { ToolCard } from './tool-card.tsx'
import { pretty } from './tool-content.ts'
import { linkTo } from './transcript-keys.ts'
import { TurnEndLine } from './turn-end-line.tsx'

interface ItemViewProps {
  readonly item: Item
  /** Whether it is the last one. */
  readonly last: boolean
}

export const ItemView = memo(function ItemView({ item, last }: ItemViewProps) {
  return (
    <ItemScope value={item.key}>
      <ItemBody item={item} last={last} />
      <div className="item-tools">
        <CopyButton label="Copy" text={() => itemText(item)} />
        <CopyButton label="Copy link" look="link" text={() => linkTo(item.seq)} />
      </div>
    </ItemScope>
  )
})

function ItemBody({ item, last }: ItemViewProps) {
  switch (item.type) {
    case 'prompt':
      return <Prompt item={item} />
    case 'text':
      return (
        <>
          {item.late && <p className="muted">Said after turn {item.turn} was over</p>}
          <MarkdownText text={item.text} grows={last} />
        </>
      )
    case 'thought':
      return <Thought item={item} />
    case 'tool':
      return <ToolCard item={item} />
    case 'plan':
      return <PlanCard item={item} />
    case 'permission':
      return <PermissionCard item={item} />
    case 'turn-end':
      return <TurnEndLine item={item} />
    case 'changes':
      return <ChangesCard item={item} />
    // Left out of what is read (`reading.ts`).
    case 'changes-place':
      return undefined
    case 'notice':
      return <NoticeLine item={item} />
    case 'other':
      return (
        <details className="card folded">
          <summary>
            {item.event.type === 'unknown-event' ? item.event.event.type : item.event.type}
          </summary>
          <pre className="output">
            {pretty(item.event.type === 'unknown-event' ? item.event.event : item.event)}
          </pre>
        </details>
      )
  }
}
