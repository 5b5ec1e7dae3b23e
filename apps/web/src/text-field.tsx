/** A labelled input with what is wrong with it. */
import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from 'react'

interface Labelled {
  readonly label: string
  readonly hint?: string
  readonly wrong: string | undefined
}

export function TextField({
  label,
  hint,
  wrong,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & Labelled) {
  const id = useId()
  return (
    <Field id={id} label={label} hint={hint} wrong={wrong}>
      <input
        {...rest}
        id={id}
        className="input mono"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-about`}
      />
    </Field>
  )
}

export function TextArea({
  label,
  hint,
  wrong,
  className = 'input',
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & Labelled) {
  const id = useId()
  return (
    <Field id={id} label={label} hint={hint} wrong={wrong}>
      <textarea
        {...rest}
        id={id}
        className={className}
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-about`}
      />
    </Field>
  )
}

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly hint: string | undefined
  readonly wrong: string | undefined
  readonly children: ReactNode
}

function Field({ id, label, hint, wrong, children }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      <span id={`${id}-about`} className={wrong === undefined ? 'hint' : 'wrong'}>
        {wrong ?? hint}
      </span>
    </div>
  )
}
