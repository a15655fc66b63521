import { Text } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from './api-client.ts'

/** Shown until the first answer is there. Says so in words: a spinner alone tells nobody what is awaited. */
export function LoadingPanel({ what }: { readonly what: string }) {
  return (
    <div className="panel" role="status">
      <Text>Loading {what} …</Text>
    </div>
  )
}

/** Shown when there is nothing, with what would have to happen for something to be there. */
export function EmptyPanel({ title, hint }: { readonly title: string; readonly hint: string }) {
  return (
    <div className="panel">
      <Text fw={600}>{title}</Text>
      <Text size="sm" c="dark.2">
        {hint}
      </Text>
    </div>
  )
}

/** A failure: cause, effect, next step. */
export function FailurePanel({ error }: { readonly error: unknown }) {
  const known = error instanceof ApiError
  return (
    <div className="panel" role="alert">
      <Text fw={600}>{known ? error.message : 'The page could not read the answer of the service.'}</Text>
      <Text size="sm">{known ? error.effect : 'Nothing can be shown here.'}</Text>
      <Text size="sm" c="dark.2">
        {known ? error.nextStep : 'Use pages and services of the same version.'}
      </Text>
    </div>
  )
}

/** Loading, failed, or the content; a failure after a first success keeps the old content visible below its message. */
export function Loaded<Data>({
  query,
  what,
  children,
}: {
  readonly query: UseQueryResult<Data>
  readonly what: string
  readonly children: (data: Data) => ReactNode
}) {
  return (
    <>
      {query.error !== null && <FailurePanel error={query.error} />}
      {query.data === undefined ? query.error === null && <LoadingPanel what={what} /> : children(query.data)}
    </>
  )
}
