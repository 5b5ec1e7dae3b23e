/** Where a session works: in a folder of the person's own, or in a clone of a repository. */
import { bound, type FieldsProps } from './bound-field.ts'
import { TextField } from './text-field.tsx'

export function PlaceFields(fields: FieldsProps) {
  const { form, change } = fields
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
          {...bound(fields, 'path')}
          placeholder="/home/me/project"
        />
      ) : (
        <RepositoryFields {...fields} />
      )}
    </>
  )
}

function RepositoryFields(fields: FieldsProps) {
  const { form, change, isNew } = fields
  return (
    <>
      <div className="pair">
        <TextField
          label="Repository"
          hint="It is cloned for this session."
          {...bound(fields, 'url')}
          placeholder="https://github.com/me/project.git"
        />
        <TextField
          label="Branch"
          hint="Empty: its default."
          {...bound(fields, 'branch')}
          placeholder="main"
          disabled={form.ref.trim() !== ''}
        />
      </div>
      <details
        className="more-fields"
        open={
          !isNew || form.ref !== '' || form.workBranch !== '' || form.user !== '' || form.shallow
        }
      >
        <summary>Tag or ref, work branch, token and user name</summary>
        <div className="pair equal">
          <TextField
            label="Tag or ref"
            hint="Instead of a branch."
            {...bound(fields, 'ref')}
            placeholder="v1.2.0"
            disabled={form.branch.trim() !== ''}
          />
          <TextField
            label="Work branch"
            hint="Made from it, to work on. Empty: none."
            {...bound(fields, 'workBranch')}
            placeholder="belay/fix"
          />
        </div>
        <OpeningFields {...fields} />
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

/** What opens a private repository. */
function OpeningFields(fields: FieldsProps) {
  return (
    <div className="pair equal">
      <TextField
        label="Token"
        type="password"
        hint={
          fields.isNew
            ? 'Opens a private repository over HTTPS. Kept sealed by the server, never in this browser.'
            : 'Empty: the one that was given before, if the repository is the same.'
        }
        {...bound(fields, 'token')}
      />
      <TextField
        label="User name"
        hint="Beside it, if the host asks for one. It is shown."
        {...bound(fields, 'user')}
        placeholder="x-access-token"
      />
    </div>
  )
}
