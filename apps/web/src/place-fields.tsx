/** Where a session works: in a folder of the person's own or a worktree of it, or in a clone of a repository. */
import { CircleAlert } from 'lucide-react'
import type { Place } from '@belay/protocol'
import { bound, type FieldsProps } from './bound-field.ts'
import { isApart } from './new-session-form.ts'
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
      {form.where === 'folder' ? <FolderFields {...fields} /> : <RepositoryFields {...fields} />}
    </>
  )
}

function FolderFields(fields: FieldsProps) {
  const { place, form } = fields
  const typed = bound(fields, 'path')
  const missing =
    place?.exists === false ? 'There is no such folder on the server’s machine.' : undefined
  return (
    <>
      <TextField
        label="Folder"
        hint="An absolute path on the server’s machine."
        {...typed}
        wrong={typed.wrong ?? place?.refusal ?? missing}
        placeholder="/home/me/project"
      />
      {place !== undefined && place.sessions.length > 0 && <InIt sessions={place.sessions} />}
      {(place?.git !== undefined || form.apart === 'worktree') && <ApartFields {...fields} />}
    </>
  )
}

/** Who works in the folder already. */
function InIt({ sessions }: Pick<Place, 'sessions'>) {
  const [first, ...others] = sessions
  if (first === undefined) return undefined
  return (
    <output className="shared-note">
      <CircleAlert className="icon" aria-hidden="true" />
      <span>
        “{first.title}”{others.length > 0 && ` and ${others.length} more`}{' '}
        {others.length > 0 ? 'work' : 'works'} in this folder. In the same folder each may change
        files while the other works on them.
      </span>
    </output>
  )
}

function ApartFields(fields: FieldsProps) {
  const { form, place, change } = fields
  const apart = isApart(form, place)
  return (
    <>
      <div className="segments" role="radiogroup" aria-label="Where in the folder">
        {(['worktree', 'folder'] as const).map((where) => (
          <label key={where}>
            <input
              type="radio"
              name="apart"
              checked={apart === (where === 'worktree')}
              onChange={() => change({ apart: where })}
            />
            {where === 'worktree' ? 'In a worktree of its own' : 'In the folder itself'}
          </label>
        ))}
      </div>
      {apart && (
        <TextField
          label="Branch of the worktree"
          hint={`It begins from the last commit${place?.git?.branch === undefined ? '' : ` of ${place.git.branch}`}: what is not committed is not in it. Empty: a branch named after the session.`}
          {...bound(fields, 'worktreeBranch')}
          placeholder="belay/fix"
        />
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
