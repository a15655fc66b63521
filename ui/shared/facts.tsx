import type { ReactNode } from 'react'
import { Given } from './given.tsx'

/** A named fact of a page's head; `undefined` until it is known. */
export interface Fact {
  readonly name: string
  readonly value: ReactNode
  /** Takes the room of two tiles. */
  readonly wide?: boolean
}

/** Facts in tiles of equal size, which they have before their values are known. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="fact-grid figures">
      {facts.map(({ name, value, wide = false }) => (
        <div className={wide ? 'fact wide' : 'fact'} key={name}>
          <dt>{name}</dt>
          <dd>{value === undefined ? '…' : typeof value === 'string' ? <Given words={value} /> : value}</dd>
        </div>
      ))}
    </dl>
  )
}
