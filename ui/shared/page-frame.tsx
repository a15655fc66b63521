import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { done } from '../contract/common.ts'
import { deleteJson } from './api-client.ts'
import { Button } from './controls.tsx'
import { formatZone } from './format.ts'
import { Keyboard } from './keyboard.tsx'
import { useSession } from './session.ts'
import { NotForDiagnosis } from './strip.tsx'

/** An entry of the navigation. */
export interface NavigationEntry {
  readonly to: string
  readonly title: string
}

/** Strip, navigation, and the page itself. */
export function PageFrame({
  title,
  navigation,
}: {
  readonly title: string
  readonly navigation: readonly NavigationEntry[]
}) {
  const { account, role } = useSession()
  const queries = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => deleteJson('/api/session', done),
    onSettled: () => queries.resetQueries(),
  })
  return (
    <div className="page-frame">
      <a className="skip-link" href="#page">
        Skip to the page
      </a>
      <NotForDiagnosis />
      <nav className="page-side" aria-label="Pages">
        <div className="page-brand">
          <svg width="18" height="18" viewBox="0 0 32 32" aria-hidden="true">
            <rect x="3" y="3" width="26" height="26" rx="4" fill="#14181e" stroke="#56b4e9" strokeWidth="2.5" />
            <path d="M9 23 23 9" stroke="#56b4e9" strokeWidth="3.5" />
          </svg>
          {title}
        </div>
        {navigation.map((entry) => (
          <Link key={entry.to} to={entry.to} activeOptions={{ exact: entry.to === '/', includeSearch: false }}>
            {entry.title}
          </Link>
        ))}
        <div className="page-person">
          <Keyboard />
          <span>Times in {formatZone(new Date().getTimezoneOffset())}</span>
          <span>
            <strong>{account}</strong> · {role}
          </span>
          <Button small onClick={() => signOut.mutate()}>
            Sign out
          </Button>
        </div>
      </nav>
      <main className="page-main" id="page" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  )
}
