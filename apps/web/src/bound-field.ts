/** A text of the form of a new session, bound to the field that shows it. */
import type { ChangeEvent } from 'react'
import type { NewSessionForm, wrongFields } from './new-session-form.ts'

export interface FieldsProps {
  readonly form: NewSessionForm
  readonly wrong: ReturnType<typeof wrongFields>
  readonly change: (part: Partial<NewSessionForm>) => void
  /** False where a failed preparation is edited. */
  readonly isNew: boolean
}

type TextName = Exclude<keyof NewSessionForm, 'agent' | 'where' | 'shallow' | 'finish'>

/** What a text field or area needs to show one text, its fault, and to change it. */
export function bound({ form, wrong, change }: Omit<FieldsProps, 'isNew'>, name: TextName) {
  return {
    value: form[name],
    wrong: wrong[name],
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change({ [name]: event.target.value }),
  }
}
