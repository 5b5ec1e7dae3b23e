/** Where a session works: in a folder of the person's own, or in a clone of a repository. */
import type { NewSessionForm, wrongFields } from './new-session-form.ts'
import { TextField } from './text-field.tsx'

export interface FieldsProps {
  readonly form: NewSessionForm
  readonly wrong: ReturnType<typeof wrongFields>
  readonly change: (part: Partial<NewSessionForm>) => void
  /** False where a failed preparation is edited. */
  readonly isNew: boolean
}

export function PlaceFields(props: FieldsProps) {
  const { form, wrong, change } = props
  return (
    <>
      <div className="segments" role="radiogroup" aria-label="Workspace">
        {(['folder', 'repository'] as const).map((where) => (
          <label key={where}>
            <input
              type="radio"
              name="where"
              checked={form.where === where}
              onChange={() => change({ where })}
            />
            {where === 'folder' ? 'Folder' : 'Repository'}
          </label>
        ))}
      </div>
      {form.where === 'folder' ? (
        <TextField
          label="Folder"
          hint="An absolute path on the server’s machine. The agent works in it directly."
          value={form.path}
          placeholder="/home/me/project"
          wrong={wrong.path}
          onChange={(event) => change({ path: event.target.value })}
        />
      ) : (
        <RepositoryFields {...props} />
      )}
    </>
  )
}

function RepositoryFields({ form, wrong, change, isNew }: FieldsProps) {
  return (
    <>
      <div className="pair">
        <TextField
          label="Repository"
          hint="It is cloned for this session."
          value={form.url}
          placeholder="https://github.com/me/project.git"
          wrong={wrong.url}
          onChange={(event) => change({ url: event.target.value })}
        />
        <TextField
          label="Branch"
          hint="Empty: its default."
          value={form.branch}
          placeholder="main"
          wrong={wrong.branch}
          disabled={form.ref.trim() !== ''}
          onChange={(event) => change({ branch: event.target.value })}
        />
      </div>
      <details
        className="more-fields"
        open={!isNew || form.ref !== '' || form.workBranch !== '' || form.shallow}
      >
        <summary>Tag or ref, work branch, token</summary>
        <div className="pair equal">
          <TextField
            label="Tag or ref"
            hint="Instead of a branch."
            value={form.ref}
            placeholder="v1.2.0"
            wrong={wrong.ref}
            disabled={form.branch.trim() !== ''}
            onChange={(event) => change({ ref: event.target.value })}
          />
          <TextField
            label="Work branch"
            hint="Made from it, to work on. Empty: none."
            value={form.workBranch}
            placeholder="belay/fix"
            wrong={wrong.workBranch}
            onChange={(event) => change({ workBranch: event.target.value })}
          />
        </div>
        <TextField
          label="Token"
          type="password"
          hint={
            isNew
              ? 'Opens a private repository over HTTPS. Kept sealed by the server, never in this browser.'
              : 'Empty: the one that was given before, if the repository is the same.'
          }
          value={form.token}
          wrong={wrong.token}
          onChange={(event) => change({ token: event.target.value })}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={form.shallow}
            onChange={(event) => change({ shallow: event.target.checked })}
          />
          Only the latest commit (shallow clone)
        </label>
      </details>
    </>
  )
}
