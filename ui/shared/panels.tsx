import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from './api-client.ts'
import { StateMark } from './state-mark.tsx'

/** Shown until the first answer is there. Says so in words: a spinner alone tells nobody what is awaited. */
export function LoadingPanel({ what, framed = false }: { readonly what: string; readonly framed?: boolean }) {
  return (
    <div className={framed ? 'panel framed' : 'panel'} role="status">
      Loading {what} …
    </div>
  )
}

/** Shown when there is nothing, with what would have to happen for something to be there. */
export function EmptyPanel({
  title,
  hint,
  framed = false,
}: {
  readonly title: string
  readonly hint: string
  readonly framed?: boolean
}) {
  return (
    <div className={framed ? 'panel framed' : 'panel'}>
      <strong>{title}</strong>
      <span className="small quiet">{hint}</span>
    </div>
  )
}

/** A failure in words: cause, effect, next step. */
export function FailureWords({ error }: { readonly error: unknown }) {
  const known = error instanceof ApiError
  return (
    <>
      <StateMark tone="refused">
        <strong>{known ? sentence(error.message) : 'The page could not read the answer of the service.'}</strong>
      </StateMark>
      <div>{known ? sentence(error.effect) : 'Nothing can be shown here.'}</div>
      <div className="quiet">{known ? sentence(error.nextStep) : 'Use pages and services of the same version.'}</div>
    </>
  )
}

/** A failure in place of the content. */
export function FailurePanel({ error, framed = false }: { readonly error: unknown; readonly framed?: boolean }) {
  return (
    <div className={framed ? 'panel framed' : 'panel'} role="alert">
      <FailureWords error={error} />
    </div>
  )
}

/** Loading, failed, or the content. After a first success the content stays; the page's head says that it is old. */
export function Loaded<Data>({
  query,
  what,
  children,
}: {
  readonly query: Pick<UseQueryResult<Data>, 'data' | 'error'>
  readonly what: string
  readonly children: (data: Data) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  return query.error === null ? <LoadingPanel what={what} framed /> : <FailurePanel error={query.error} framed />
}

/** The services word their failures as parts of log lines; on a page they are sentences. */
function sentence(words: string): string {
  const first = words.charAt(0).toUpperCase() + words.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
