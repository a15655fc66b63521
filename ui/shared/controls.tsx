import type { ComponentProps } from 'react'

/** A button; `main` for the one act that a form is about. */
export function Button({
  main = false,
  small = false,
  type = 'button',
  ...rest
}: ComponentProps<'button'> & { readonly main?: boolean; readonly small?: boolean }) {
  return <button className={`button${main ? ' main' : ''}${small ? ' small' : ''}`} type={type} {...rest} />
}

/** A line to write in, with its name above. */
export function TextField({ label, ...rest }: ComponentProps<'input'> & { readonly label: string }) {
  return (
    <label className="field">
      {label}
      <input className="input" {...rest} />
    </label>
  )
}

/** A choice of one among few, with its name above. */
export function SelectField({
  label,
  options,
  ...rest
}: ComponentProps<'select'> & {
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}) {
  return (
    <label className="field">
      {label}
      <select className="input" {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}
