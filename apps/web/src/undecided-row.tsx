/**
 * The turn that is asked about, where prompts wait for the answer or where its end is not the last that is read.
 *
 * Invariants:
 * - W-120 Whatever holds prompts back is said above them, with all that can be done about it.
 */
import { endings, type SessionView } from '@belay/protocol'
import { DecisionButtons } from './decision-buttons.tsx'
import { useDecision } from './use-decision.ts'

interface UndecidedRowProps {
  readonly session: SessionView | undefined
}

export function UndecidedRow({ session }: UndecidedRowProps) {
  const turn = askedAbout(session)
  // One row for each turn: what was tried of one is not said of the next.
  return turn === undefined ? undefined : <Row key={turn.turn} {...turn} />
}

type UndecidedTurn = NonNullable<SessionView['undecided']>['turns'][number]

/** The latest that holds prompts, else the latest whose end is behind other turns. */
function askedAbout(session: SessionView | undefined): UndecidedTurn | undefined {
  if (session?.status !== 'undecided') return undefined
  const turns = session.undecided?.turns ?? []
  const holding = turns.findLast(({ holds }) => holds === true)
  const last = turns.at(-1)
  return holding ?? (last?.turn === session.lastTurn?.turn ? undefined : last)
}

function Row({ turn, code, sentence, actions, holds }: UndecidedTurn) {
  const { decide, goOn, underWay, problem } = useDecision(turn)
  return (
    <fieldset className="undecided" aria-label={`Turn ${turn} is undecided`}>
      <span className="sentence">
        Turn {turn}: {sentence ?? endings[code].sentence}
      </span>
      <span className="buttons">
        {holds === true && (
          <button
            type="button"
            className="button"
            data-size="small"
            title="The prompts run, and the turn is decided about later."
            disabled={underWay}
            onClick={goOn}
          >
            Go on
          </button>
        )}
        <DecisionButtons actions={actions} decide={decide} underWay={underWay} />
      </span>
      {problem !== undefined && <span role="alert">{problem}</span>}
    </fieldset>
  )
}
