import { Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { getJson, needsSignIn, postJson } from './api-client.ts'
import { FailurePanel, LoadingPanel } from './panels.tsx'

/** What both services say of a session. */
export interface Session {
  readonly account: string
  readonly role: string
}

/** Shows its children to whoever is signed in, and a sign-in form to everyone else. */
export function SignInGate({
  service,
  schema,
  children,
}: {
  readonly service: string
  readonly schema: z.ZodType<Session>
  readonly children: (session: Session) => ReactNode
}) {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => getJson('/api/session', schema, signal),
    refetchInterval: 60_000,
  })
  if (session.data !== undefined && session.error === null) return children(session.data)
  if (session.error !== null && needsSignIn(session.error)) return <SignInForm service={service} schema={schema} />
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
      <form onSubmit={submit}>
        <Stack maw={340} mx="auto" mt={80} gap="md">
          <Title order={1} size="h2">
            Leadglass {service}
          </Title>
          <TextInput
            label="Account"
            autoComplete="username"
            required
            value={account}
            onChange={(event) => setAccount(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={signIn.isPending} loaderProps={{ type: 'dots' }}>
            Sign in
          </Button>
          {signIn.error !== null && <FailurePanel error={signIn.error} />}
          <Text size="sm" c="dark.2">
            Accounts of a first start are printed in the terminal, and stand in first-sign-in.json in the data folder.
          </Text>
        </Stack>
      </form>
    </main>
  )
}
