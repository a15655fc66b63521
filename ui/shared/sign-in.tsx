import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { getJson, needsSignIn, postJson } from './api-client.ts'
import { FailurePanel, LoadingPanel } from './panels.tsx'
import { type Session, SessionContext } from './session.ts'

const REFRESH_MS = 60_000

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
    refetchInterval: (query) => (query.state.data === undefined ? undefined : REFRESH_MS),
  })
  if (needsSignIn(session.error)) return <SignInForm service={service} schema={schema} />
  if (session.data !== undefined) return <SessionContext value={session.data}>{children}</SessionContext>
  return (
    <main className="page-main">
      {session.error === null ? <LoadingPanel what="your session" /> : <FailurePanel error={session.error} />}
    </main>
  )
}

function SignInForm({ service, schema }: { readonly service: string; readonly schema: z.ZodType<Session> }) {
  const queries = useQueryClient()
  const [account, setAccount] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => postJson('/api/session', { account, password }, schema),
    onSuccess: () => queries.resetQueries(),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <main className="page-main">
      <form className="sign-in" onSubmit={submit}>
        <h1>Leadglass {service}</h1>
        <TextInput
          label="Account"
          autoComplete="username"
          required
          withAsterisk={false}
          value={account}
          onChange={(event) => setAccount(event.currentTarget.value)}
        />
        <TextInput
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in …' : 'Sign in'}
        </Button>
        {signIn.error !== null && <FailurePanel error={signIn.error} framed />}
        <p className="small quiet">
          Accounts of a first start are printed in the terminal, and stand in first-sign-in.json in the data folder.
        </p>
      </form>
    </main>
  )
}
