/**
 * Where a person writes to the agent. Enter sends, Shift and Enter make a new line; files are pasted, dropped or chosen.
 * Its menu of the agent's commands is `slash-list.tsx`, the choice of mode and model `agent-pickers.tsx`.
 */
import { useEffect, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent } from 'react'
import { ArrowUp, CornerUpRight, Paperclip } from 'lucide-react'
import { type Draft, unanswered } from '@belay/client'
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { AgentPickers } from './agent-pickers.tsx'
import { attachRefusal, readFile } from './attach.ts'
import { DraftChip } from './attachment-chip.tsx'
import type { DraftBox } from './draft-box.ts'
import { useLive } from './live.ts'
import { fullSentence } from './shelf.ts'
import { slashAttributes, SlashList, useSlashMenu } from './slash-list.tsx'
import { StopButton } from './stop-button.tsx'
import { useAgain } from './use-again.ts'
import { useLate } from './use-late.ts'
import { useStop } from './use-stop.ts'

interface ComposerProps {
  readonly client: Client
  readonly id: string
  readonly box: DraftBox
  readonly session: SessionView | undefined
  /** Whether the line to the server is open, and all it had to tell was told. */
  readonly isOpen: boolean
}

export function Composer({ client, id, box, session, isOpen }: ComposerProps) {
  const draft = useLive(box.draft)
  const kept = useLive(box.kept)
  const [problem, setProblem] = useState<string>()
  const turn = session?.turn
  const underWay = draft.sent?.state === 'under-way'
  const canSend = draft.text.trim() !== '' && !underWay
  const menu = useSlashMenu(draft.text, session?.commands ?? [], box.type)
  const stop = useStop(client, id, turn?.turn, isOpen)
  const waits = useWaits({ client, box, draft, turn: turn?.turn, isOpen })
  useEffect(() => box.follow(), [box])

  function send(): void {
    setProblem(undefined)
    if (canSend) void box.send(client)
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (menu.onKeyDown(event)) return
    // Enter also ends the composing of a character, where one is composed.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  function take(files: FileList, event: ClipboardEvent | DragEvent): void {
    if (files.length === 0) return
    event.preventDefault()
    void attachAll(box, [...files]).then(setProblem)
  }

  return (
    <div
      className="composer"
      onPaste={(event) => take(event.clipboardData.files, event)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => take(event.dataTransfer.files, event)}
    >
      <SlashList menu={menu} />
      <Files draft={draft} box={box} />
      <textarea
        id="composer"
        rows={1}
        aria-label="Prompt"
        aria-describedby="composer-hint"
        {...slashAttributes(menu)}
        placeholder={turn === undefined ? placeholders.idle : placeholders.running}
        value={draft.text}
        onChange={(event) => box.type(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="buttons">
        <AttachButton onFiles={(files) => void attachAll(box, files).then(setProblem)} />
        <AgentPickers client={client} session={session} onProblem={setProblem} />
        <Hint
          wrong={draft.problem ?? problem ?? stop.problem ?? (kept ? undefined : fullSentence)}
          waits={[waits, stop.waits].filter((words) => words !== undefined)}
          underWay={underWay}
        />
        <span className="acts">
          {turn !== undefined && <StopButton turn={turn} stop={stop} />}
          <SendButtons
            runs={turn !== undefined}
            canSend={canSend}
            onSend={send}
            onSteer={() => void box.send(client, turn?.turn)}
          />
        </span>
      </div>
    </div>
  )
}

const placeholders = {
  idle: 'What should the agent do?',
  running: 'The next prompt: it waits for the running turn',
}

interface WaitsOptions extends Pick<ComposerProps, 'client' | 'box' | 'isOpen'> {
  readonly draft: Draft
  readonly turn: number | undefined
}

/** Sends what the server did not answer once the line is back. @returns what is said of it meanwhile */
function useWaits({ client, box, draft, turn, isOpen }: WaitsOptions): string | undefined {
  const isUnanswered = unanswered(draft) !== undefined
  const isLate = useLate(isUnanswered || draft.sent?.state === 'under-way')
  useAgain(isOpen && isUnanswered, () => void box.sendAgain(client, turn))
  return isLate
    ? 'Not sent yet: the server does not answer. It goes by itself once the connection is back.'
    : undefined
}

/** One after the other, so that each is held against what is there. @returns why some were not attached */
async function attachAll(box: DraftBox, files: readonly File[]): Promise<string | undefined> {
  const wrong: string[] = []
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const read = await readFile(file)
    const refusal =
      typeof read === 'string' ? read : attachRefusal(box.draft.value.files ?? [], read)
    if (refusal !== undefined) wrong.push(refusal)
    else if (typeof read !== 'string') box.attach(read)
  }
  return wrong.length === 0 ? undefined : wrong.join(' ')
}

function Files({ draft, box }: { readonly draft: Draft; readonly box: DraftBox }) {
  if (draft.files === undefined || draft.files.length === 0) return undefined
  return (
    <ul className="chips" aria-label="Attached">
      {draft.files.map(({ key, ...file }) => (
        <DraftChip key={key} {...file} onRemove={() => box.detach(key)} />
      ))}
    </ul>
  )
}

function AttachButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  return (
    <label
      className="button attach"
      data-kind="quiet"
      data-size="icon"
      title="Attach pictures or text files"
    >
      <Paperclip className="icon" aria-hidden="true" />
      <input
        type="file"
        multiple
        aria-label="Attach pictures or text files"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          // The same file can be chosen again.
          event.target.value = ''
        }}
      />
    </label>
  )
}

interface SendButtonsProps {
  /** Whether a turn runs: then a prompt waits for it, or stops it. */
  readonly runs: boolean
  readonly canSend: boolean
  readonly onSend: () => void
  readonly onSteer: () => void
}

function SendButtons({ runs, canSend, onSend, onSteer }: SendButtonsProps) {
  return (
    <>
      {runs && (
        <button
          type="button"
          className="button"
          disabled={!canSend}
          title="Stop the running turn and send this next"
          onClick={onSteer}
        >
          <CornerUpRight className="icon" aria-hidden="true" /> Steer
        </button>
      )}
      <button
        type="button"
        className="button"
        data-kind="main"
        disabled={!canSend}
        onClick={onSend}
      >
        <ArrowUp className="icon" aria-hidden="true" /> {runs ? 'Queue' : 'Send'}
      </button>
    </>
  )
}

interface HintProps {
  readonly wrong: string | undefined
  /** What is said of what waits for the server. */
  readonly waits: readonly string[]
  readonly underWay: boolean
}

function Hint({ wrong, waits, underWay }: HintProps) {
  if (wrong !== undefined || waits.length > 0)
    return (
      <div id="composer-hint" className="hint" data-said="">
        <div className={wrong === undefined ? 'waits' : 'not-sent'} role="alert">
          {wrong ?? waits.map((sentence) => <p key={sentence}>{sentence}</p>)}
        </div>
      </div>
    )
  return (
    <span id="composer-hint" className="hint">
      {underWay ? (
        'Sending …'
      ) : (
        <span className="keys">Enter sends, Shift+Enter makes a new line</span>
      )}
    </span>
  )
}
