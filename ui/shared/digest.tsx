import { shorten } from './format.ts'

/** A digest or pseudonym: its first digits to read, all of it in the title. */
export function Digest({ value }: { readonly value: string }) {
  return (
    <span className="mono" title={value}>
      {shorten(value)}
    </span>
  )
}
