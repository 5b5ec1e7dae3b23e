/** What is run before the agent begins, what is done with its changes, and what follows a turn that failed. */
import { useState } from 'react'
import { bound, type FieldsProps } from './bound-field.ts'
import {
  type AfterFailure,
  afterFailures,
  finishes,
  isApart,
  type FinishChoice,
} from './new-session-form.ts'
import { TextArea } from './text-field.tsx'

const finishTitles: Readonly<Record<FinishChoice, string>> = {
  leave: 'Leave them',
  commit: 'Commit',
  push: 'Commit and push',
}
const afterTitles: Readonly<Record<AfterFailure, string>> = {
  wait: 'Wait for me',
  'go-on': 'Go on with the next prompt',
}

export function WorkFields(fields: FieldsProps) {
  const { form, change, isNew, place } = fields
  // What is not as it is for everybody is seen at once. After that it is the person's: nothing folds under their hands.
  const [isOpen] = useState(
    form.setup !== '' || form.finish !== 'leave' || form.afterFailure !== 'wait',
  )
  return (
    <details className="more-fields" open={isOpen}>
      <summary>{isNew ? 'Setup commands, commits, failed turns' : 'Setup commands'}</summary>
      <TextArea
        label="Setup commands"
        hint="One per line, run in the workspace before the agent begins; the first to fail ends it."
        className="input mono"
        rows={3}
        {...bound(fields, 'setup')}
        placeholder="npm ci"
      />
      {isNew && (
        <Choice
          legend="After each completed turn its changes are"
          name="finish"
          titles={finishTitles}
          all={finishes}
          chosen={form.finish}
          onChoose={(finish) => change({ finish })}
          hint={
            form.finish !== 'leave' && form.where === 'folder' && !isApart(form, place)
              ? 'In your own folder, on the branch it is on.'
              : undefined
          }
        />
      )}
      {isNew && (
        <Choice
          legend="After a failed turn"
          name="after-failure"
          titles={afterTitles}
          all={afterFailures}
          chosen={form.afterFailure}
          onChoose={(afterFailure) => change({ afterFailure })}
          hint={
            form.afterFailure === 'go-on'
              ? 'The session still asks you what becomes of the failed turn.'
              : undefined
          }
        />
      )}
    </details>
  )
}

interface ChoiceProps<Value extends string> {
  readonly legend: string
  readonly name: string
  readonly titles: Readonly<Record<Value, string>>
  readonly all: readonly Value[]
  readonly chosen: Value
  readonly onChoose: (value: Value) => void
  readonly hint: string | undefined
}

function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { legend, name, titles, all, chosen, onChoose, hint } = props
  return (
    <fieldset className="field">
      <legend>{legend}</legend>
      <div className="segments">
        {all.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name={name}
              checked={chosen === value}
              onChange={() => onChoose(value)}
            />
            {titles[value]}
          </label>
        ))}
      </div>
      {hint !== undefined && <span className="hint">{hint}</span>}
    </fieldset>
  )
}
