import '@mantine/core/styles.css'
import 'virtual:theme.css'
import './base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api-client.ts'
import { theme } from './theme.ts'

/** Polling is slow on purpose: what must be quick comes as an event. */
const REFRESH_MS = 5_000

/** Puts a page into the document, with the theme and the query cache. Inline styles stay off; see `build.mjs`. */
export function mount(page: ReactNode): void {
  const root = document.getElementById('root')
  if (root === null) throw new Error('index.html has no #root')
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        refetchInterval: REFRESH_MS,
        // A refusal stays a refusal; only a service that is away is asked again.
        retry: (failures, error) => failures < 3 && error instanceof ApiError && error.status === 0,
        staleTime: 1_000,
      },
    },
  })
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} forceColorScheme="dark" withCssVariables={false} withGlobalClasses={false}>
        <QueryClientProvider client={queries}>{page}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
