/** What is run before the agent begins, and what is done with its changes. */
import { bound, type FieldsProps } from './bound-field.ts'
import { finishes, isApart, type FinishChoice } from './new-session-form.ts'
import { TextArea } from './text-field.tsx'

const finishTitles: Readonly<Record<FinishChoice, string>> = {
  leave: 'Leave them',
  commit: 'Commit',
  push: 'Commit and push',
}

export function WorkFields(fields: FieldsProps) {
  const { form, change, isNew, place } = fields
  return (
    <details className="more-fields" open={form.setup !== '' || form.finish !== 'leave'}>
      <summary>{isNew ? 'Setup commands, commits' : 'Setup commands'}</summary>
      <TextArea
        label="Setup commands"
        hint="One per line, run in the workspace before the agent begins; the first to fail ends it."
        className="input mono"
        rows={3}
        {...bound(fields, 'setup')}
        placeholder="npm ci"
      />
      {isNew && (
        <fieldset className="field">
          <legend>After each completed turn its changes are</legend>
          <div className="segments">
            {finishes.map((finish) => (
              <label key={finish}>
                <input
                  type="radio"
                  name="finish"
                  checked={form.finish === finish}
                  onChange={() => change({ finish })}
                />
                {finishTitles[finish]}
              </label>
            ))}
          </div>
          {form.finish !== 'leave' && form.where === 'folder' && !isApart(form, place) && (
            <span className="hint">In your own folder, on the branch it is on.</span>
          )}
        </fieldset>
      )}
    </details>
  )
}
