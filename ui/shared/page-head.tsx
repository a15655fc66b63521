import { type ReactNode, useEffect } from 'react'
import { formatClock } from './format.ts'
import { FailureWords } from './panels.tsx'
import { StateMark } from './state-mark.tsx'

/** What the head needs to know of a query: how old its answer is, and whether it failed since. */
export interface Freshness {
  readonly dataUpdatedAt: number
  readonly error: unknown
}

/**
 * Title of a page, the one sentence that says what question it answers, and of when its facts are.
 * @param name the title as it may stand in the browser's history: never a patient's name.
 */
export function PageHead({
  name,
  title = name,
  question,
  queries,
}: {
  readonly name: string
  readonly title?: ReactNode
  readonly question: ReactNode
  readonly queries: readonly Freshness[]
}) {
  useEffect(() => {
    document.title = `${name} · Leadglass`
  }, [name])
  const answered = queries.filter((query) => query.dataUpdatedAt > 0)
  const old = answered.find((query) => query.error !== null)
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        <p className="small quiet">{question}</p>
      </div>
      <div className="page-as-of figures" role="status">
        {answered.length > 0 && <AsOf at={Math.min(...answered.map((query) => query.dataUpdatedAt))} old={old} />}
      </div>
      {old !== undefined && (
        <div className="notice" role="alert">
          <FailureWords error={old.error} />
        </div>
      )}
    </header>
  )
}

function AsOf({ at, old }: { readonly at: number; readonly old: Freshness | undefined }) {
  const words = `as of ${formatClock(at)}`
  return old === undefined ? words : <StateMark tone="attention">{words}, not renewed since</StateMark>
}
