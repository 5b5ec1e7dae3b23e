/** A labelled input with what is wrong with it. */
import { useId, type InputHTMLAttributes } from 'react'

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string
  readonly hint?: string
  readonly wrong: string | undefined
}

export function TextField({ label, hint, wrong, ...rest }: TextFieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
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
      <span id={`${id}-about`} className={wrong === undefined ? 'hint' : 'wrong'}>
        {wrong ?? hint}
      </span>
    </div>
  )
}
