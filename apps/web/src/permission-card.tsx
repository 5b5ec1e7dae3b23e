/**
 * The agent asks a person.
 *
 * Invariants:
 * - W-7 A question offers its options until it is settled, and none while an answer is under way.
 * - W-8 A settled question says what was answered and by whom, whoever it was.
 */
import { memo, use, useState } from 'react'
import { ShieldCheck, ShieldQuestion, ShieldX } from 'lucide-react'
import { type PermissionItem, settledWords } from '@belay/client'
import type { Problem } from '@belay/protocol'
import { AskedScope } from './asked.ts'
import { useOptionKeys } from './option-keys.ts'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { useSession } from './session-context.ts'
import { ToolBody } from './tool-body.tsx'

export const PermissionCard = memo(function PermissionCard({
  item,
}: {
  readonly item: PermissionItem
}) {
  const asked = item.state === 'asked'
  const chosen = item.options.find((option) => option.optionId === item.optionId)
  const refused = chosen?.kind.startsWith('reject') ?? item.state === 'withdrawn'
  const Icon = asked ? ShieldQuestion : refused ? ShieldX : ShieldCheck
  return (
    <article
      className="card permission"
      data-state={asked ? 'open' : 'settled'}
      aria-label={`Permission: ${item.title}`}
    >
      <header className="card-head">
        <Icon className="icon" aria-hidden="true" />
        <span className="title" title={item.title}>
          {item.title}
        </span>
        {!asked && (
          <span className="state" title={chosen?.name}>
            {settledWords(item)}
          </span>
        )}
      </header>
      {asked && <WhatItWouldDo item={item} />}
      {asked && <Options item={item} />}
    </article>
  )
})

function WhatItWouldDo({ item }: { readonly item: PermissionItem }) {
  const { isShown } = useSession()
  // Most agents show the call itself right above, and describe it here again.
  if (item.toolCallId !== undefined && isShown(item.turn, item.toolCallId)) return undefined
  const raw = item.content === undefined ? item.rawInput : undefined
  return <ToolBody content={item.content ?? []} raw={[{ name: 'What it would do', value: raw }]} />
}

function Options({ item }: { readonly item: PermissionItem }) {
  const { client, id } = useSession()
  const first = use(AskedScope) === item.key
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()

  async function answer(optionId: string): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      await client.call('answerPermission', {
        id,
        permissionId: item.permissionId,
        optionId,
        by: 'web',
      })
      // The buttons stay off: the event that settles the question replaces them.
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }

  useOptionKeys(item.options, first && !sending, (optionId) => void answer(optionId))
  return (
    <>
      <fieldset className="options" aria-label={item.title} disabled={sending}>
        {item.options.map((option, index) => (
          <button
            key={option.optionId}
            type="button"
            className="button"
            data-kind={option.kind === 'allow_once' ? 'main' : undefined}
            onClick={() => void answer(option.optionId)}
          >
            {option.name}
            {first && index < 9 && <kbd aria-hidden="true">{index + 1}</kbd>}
          </button>
        ))}
      </fieldset>
      {problem !== undefined && <ProblemNote problem={problem} />}
    </>
  )
}
