import { QueryCache, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { getJson, needsSignIn } from './api-client.ts'

/** Polling is slow on purpose: what must be quick comes as an event. */
const REFRESH_MS = 5_000

/**
 * The query cache of a page. A refused or failed answer is shown at once and asked for again with the next refresh;
 * silent retries would leave "loading" on the screen while the service is away.
 */
export function createQueries(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // A session may end while a page is open: whoever notices first leads to the sign-in form.
      onError: (error, { queryKey }) => {
        if (needsSignIn(error) && queryKey[0] !== 'session') void queries.invalidateQueries({ queryKey: ['session'] })
      },
    }),
    defaultOptions: {
      queries: {
        refetchInterval: REFRESH_MS,
        refetchOnWindowFocus: false,
        retry: false,
        staleTime: 1_000,
        // The browser's idea of being online says nothing about a service on the same network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
  return queries
}

/**
 * Asks for a path of the service and keeps the answer fresh.
 * @param area first part of the key, by which events and changes invalidate.
 * @param everyMs how often to ask again; `false` where each answer is an entry in the audit log.
 */
export function useAnswer<Answer>(
  area: string,
  path: string,
  schema: z.ZodType<Answer>,
  everyMs: number | false = REFRESH_MS,
): UseQueryResult<Answer> {
  return useQuery({
    queryKey: [area, path],
    queryFn: ({ signal }) => getJson(path, schema, signal),
    refetchInterval: everyMs,
  })
}
