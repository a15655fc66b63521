import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { getJson, needsSignIn, postJson } from './api-client.ts'
import { Button, TextField } from './controls.tsx'
import { FailurePanel, LoadingPanel } from './panels.tsx'
import { forgetPerson, type Session, SessionContext } from './session.ts'
import { NotForDiagnosis } from './strip.tsx'

const REFRESH_MS = 60_000
/** While the service does not answer at all. */
const RETRY_MS = 5_000

/**
 * Shows its children to whoever is signed in, and a sign-in form to everyone else. A service that is away for a while
 * signs nobody out: the page stays, and says itself that its facts are old.
 */
export function SignInGate({
  service,
  schema,
  children,
}: {
  readonly service: string
  readonly schema: z.ZodType<Session>
  readonly children: ReactNode
}) {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => getJson('/api/session', schema, signal),
    refetchInterval: ({ state }) =>
      needsSignIn(state.error) ? false : state.data === undefined ? RETRY_MS : REFRESH_MS,
  })
  if (needsSignIn(session.error)) return <SignInForm service={service} schema={schema} />
  if (session.data !== undefined) return <SessionContext value={session.data}>{children}</SessionContext>
  return (
    <>
      <NotForDiagnosis />
      <main className="page-main">
        {session.error === null ? <LoadingPanel what="your session" /> : <FailurePanel error={session.error} />}
      </main>
    </>
  )
}

function SignInForm({ service, schema }: { readonly service: string; readonly schema: z.ZodType<Session> }) {
  const queries = useQueryClient()
  const [account, setAccount] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => postJson('/api/session', { account, password }, schema),
    onSuccess: () => {
      forgetPerson()
      return queries.resetQueries()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <>
      <NotForDiagnosis />
      <main className="page-main">
        <form className="sign-in" onSubmit={submit}>
          <h1>Leadglass {service}</h1>
          <TextField
            label="Account"
            autoComplete="username"
            required
            value={account}
            onChange={(event) => setAccount(event.currentTarget.value)}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button main type="submit" disabled={signIn.isPending}>
            {signIn.isPending ? 'Signing in …' : 'Sign in'}
          </Button>
          {signIn.error !== null && <FailurePanel error={signIn.error} framed />}
          <p className="small quiet">
            Accounts of a first start are printed in the terminal, and stand in first-sign-in.json in the data folder.
          </p>
        </form>
      </main>
    </>
  )
}
