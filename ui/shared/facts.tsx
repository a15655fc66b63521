import type { ReactNode } from 'react'

/** A named fact of a page's head. */
export interface Fact {
  readonly name: string
  readonly value: ReactNode
}

/** Facts in tiles of equal size. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="fact-grid figures">
      {facts.map((fact) => (
        <div className="fact" key={fact.name}>
          <dt>{fact.name}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  )
}
