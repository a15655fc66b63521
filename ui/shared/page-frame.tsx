import { Button, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { done } from '../contract/common.ts'
import { deleteJson } from './api-client.ts'
import type { Session } from './sign-in.tsx'

/** An entry of the navigation. */
export interface NavigationEntry {
  readonly to: string
  readonly title: string
}

/** The strip that is always there; also burnt into everything that is exported. */
export const NOT_FOR_DIAGNOSIS =
  'Not for diagnostic use. AI output is for prioritisation and quality work; read the original images in the diagnostic viewer.'

/** Strip, navigation, and the page itself. */
export function PageFrame({
  title,
  navigation,
  session,
}: {
  readonly title: string
  readonly navigation: readonly NavigationEntry[]
  readonly session: Session
}) {
  const queries = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => deleteJson('/api/session', done),
    onSettled: () => queries.resetQueries(),
  })
  return (
    <div className="page-frame">
      <div className="page-strip" role="note">
        {NOT_FOR_DIAGNOSIS}
      </div>
      <nav className="page-side" aria-label="Pages">
        <Text fw={700} px={12} pb={8}>
          {title}
        </Text>
        {navigation.map((entry) => (
          <Link key={entry.to} to={entry.to} activeOptions={{ exact: entry.to === '/' }}>
            {entry.title}
          </Link>
        ))}
        <Text size="sm" c="dark.2" px={12} pt={16}>
          {session.account} ({session.role})
        </Text>
        <Button variant="subtle" size="compact-sm" onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </nav>
      <main className="page-main">
        <Outlet />
      </main>
    </div>
  )
}
