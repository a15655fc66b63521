import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** One way to see a page: a link, so that the view has an address. */
export interface Choice {
  readonly name: string
  /** The whole query of the address. */
  readonly search: Readonly<Record<string, string | undefined>>
  /** `null` while it is not known: no number is shown that might be taken for one. */
  readonly count?: number | null
}

/** Views of a page side by side, all of them always in sight; the current one is marked. */
export function Choices({
  caption,
  to,
  choices,
}: {
  readonly caption: string
  readonly to: string
  readonly choices: readonly Choice[]
}): ReactNode {
  return (
    <ul className="choices" aria-label={caption}>
      {choices.map((choice) => (
        <li key={choice.name}>
          <Link to={to} search={choice.search} replace activeOptions={{ exact: true }}>
            {choice.name}
            {choice.count !== undefined && <span className="count">{choice.count ?? '…'}</span>}
          </Link>
        </li>
      ))}
    </ul>
  )
}
