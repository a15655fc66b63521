import type { ReactNode } from 'react'

/** A named fact of a page's head; `undefined` until it is known. */
export interface Fact {
  readonly name: string
  readonly value: ReactNode
}

/** Facts in tiles of equal size, which they have before their values are known. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="fact-grid figures">
      {facts.map(({ name, value }) => (
        <div className="fact" key={name}>
          <dt>{name}</dt>
          <dd title={typeof value === 'string' ? value : undefined}>
            {value === undefined ? '…' : typeof value === 'string' ? <bdi>{value}</bdi> : value}
          </dd>
        </div>
      ))}
    </dl>
  )
}
