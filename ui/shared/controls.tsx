import { type ComponentProps, useId } from 'react'

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
export function TextField({ label, ...rest }: Omit<ComponentProps<'input'>, 'id'> & { readonly label: string }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input className="input" id={id} {...rest} />
    </div>
  )
}

/** A choice of one among few, with its name above. */
export function SelectField({
  label,
  options,
  ...rest
}: Omit<ComponentProps<'select'>, 'id'> & {
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select className="input" id={id} {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}
