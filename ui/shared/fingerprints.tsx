/** A fingerprint with its name; null where there is none. */
export interface NamedFingerprint {
  readonly name: string
  readonly value: string | null | undefined
}

/** Fingerprints in full, in groups that two people can read to each other. `undefined` while the answer is awaited. */
export function Fingerprints({ of }: { readonly of: readonly NamedFingerprint[] }) {
  return (
    <dl className="fingerprints">
      {of.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={value == null ? 'quiet' : 'mono'}>
            {value === undefined ? '…' : value === null ? 'none yet' : value.replaceAll(/(.{8})(?=.)/g, '$1 ')}
          </dd>
        </div>
      ))}
    </dl>
  )
}
