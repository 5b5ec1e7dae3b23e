/** A text of the form of a new session, bound to the field that shows it. */
import type { ChangeEvent } from 'react'
import type { Place } from '@belay/protocol'
import type { FieldName, NewSessionForm, wrongFields } from './new-session-form.ts'

export interface FieldsProps {
  readonly form: NewSessionForm
  readonly wrong: ReturnType<typeof wrongFields>
  readonly change: (part: Partial<NewSessionForm>) => void
  /** False where a failed preparation is edited. */
  readonly isNew: boolean
  /** What the server knows of the folder. */
  readonly place: Place | undefined
}

type TextName = Exclude<FieldName, 'agent'>

/** What a text field or area needs to show one text, its fault, and to change it. */
export function bound(
  { form, wrong, change }: Omit<FieldsProps, 'isNew' | 'place'>,
  name: TextName,
) {
  return {
    value: form[name],
    wrong: wrong[name],
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change({ [name]: event.target.value }),
  }
}
