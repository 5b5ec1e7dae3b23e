/** One tool call of the agent: what it does, how it stands, what came of it. */
import { memo } from 'react'
import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  FilePen,
  FileText,
  Globe,
  LoaderCircle,
  Search,
  SquareTerminal,
  Trash2,
  Wrench,
  X,
  type LucideIcon,
} from 'lucide-react'
import { type ToolItem, toolMs } from '@belay/client'
import { Elapsed } from './elapsed.tsx'
import { useFolder } from './folder.ts'
import { duration } from './time.ts'
import { ToolBody } from './tool-body.tsx'
import { shortPath } from './tool-content.ts'

/** ACP's tool kinds. */
const kinds: Readonly<Record<string, LucideIcon>> = {
  read: FileText,
  edit: FilePen,
  move: FilePen,
  delete: Trash2,
  search: Search,
  execute: SquareTerminal,
  fetch: Globe,
}

export const ToolCard = memo(function ToolCard({ item }: { readonly item: ToolItem }) {
  const folder = useFolder()
  const Kind = kinds[item.kind ?? ''] ?? Wrench
  const changed = new Set(
    item.content.flatMap((part) => (part.type === 'diff' ? [part['path']] : [])),
  )
  // Said already: in the head of a diff, or in the title.
  const places = item.locations.filter(
    (place) => !changed.has(place.path) && !item.title.includes(shortPath(place.path, folder)),
  )
  return (
    <article className="card tool" aria-label={`Tool: ${item.title}`}>
      <header className="card-head">
        <Kind className="icon" aria-hidden="true" />
        <span className="title cut" title={item.title}>
          {item.title}
        </span>
        <ToolState item={item} />
      </header>
      {places.length > 0 && (
        <p className="card-part places mono">
          {places.map((place) => (
            <span key={`${place.path}:${lineOf(place)}`}>
              {shortPath(place.path, folder)}
              {lineOf(place)}
            </span>
          ))}
        </p>
      )}
      <ToolBody
        content={item.content}
        raw={[
          { name: 'Input', value: item.rawInput },
          // The output is most often the content again, in the agent's own shape.
          { name: 'output', value: item.content.length === 0 ? item.rawOutput : undefined },
        ]}
      />
    </article>
  )
})

function ToolState({ item }: { readonly item: ToolItem }) {
  const ms = toolMs(item)
  const took = ms === undefined ? undefined : duration(ms)
  const waits = item.askingSince === undefined ? 'waiting' : 'waiting for you'
  switch (item.status) {
    case 'pending':
      return (
        <span className="state" data-state={item.status}>
          <CircleDashed className="icon" aria-hidden="true" /> {waits}
        </span>
      )
    case 'in_progress':
      return item.askingSince !== undefined ? (
        <span className="state" data-state="pending">
          <CircleDashed className="icon" aria-hidden="true" /> {waits}
        </span>
      ) : (
        <span className="state" data-state={item.status}>
          <LoaderCircle className="icon spin" aria-hidden="true" /> running{' '}
          <Elapsed since={item.at + item.waitedMs} />
        </span>
      )
    case 'completed':
      return (
        <span className="state" data-state={item.status}>
          <Check className="icon" aria-label="done" /> {took}
        </span>
      )
    case 'failed':
      return (
        <span className="state" data-state={item.status}>
          <X className="icon" aria-hidden="true" /> failed · {took}
        </span>
      )
    case 'not-run':
      return (
        <span className="state" data-state={item.status} title="It was not allowed.">
          <Ban className="icon" aria-hidden="true" /> did not run
        </span>
      )
    case 'unknown':
      return (
        <span
          className="state"
          data-state={item.status}
          title="Its turn ended while it was running, so nobody can say what it did."
        >
          <CircleHelp className="icon" aria-hidden="true" /> outcome unknown
        </span>
      )
  }
}

function lineOf(place: ToolItem['locations'][number]): string {
  return typeof place['line'] === 'number' ? `:${place['line']}` : ''
}
