import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { FailurePanel } from '../../shared/panels.tsx'

const SHORTEST = 12

/** One's own password; nobody can set another's. */
export function PasswordChange() {
  const [password, setPassword] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () =>
      postJson('/api/session/password', { password, newPassword: next }, z.object({ done: z.boolean() })),
    onSettled: () => {
      setPassword('')
      setNext('')
    },
  })
  return (
    <section className="section" aria-label="Your password">
      <h2>Your password</h2>
      <p className="small quiet">A password older than 180 days signs nothing until you change it here.</p>
      <div className="sign-components">
        <TextField
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <TextField
          label="New password, at least 12 characters"
          type="password"
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <Button
          disabled={change.isPending || password === '' || next.length < SHORTEST}
          onClick={() => change.mutate()}
        >
          Change
        </Button>
        <p role="status">{change.isSuccess ? 'Changed. Your other sessions have ended.' : ''}</p>
        {change.error !== null && <FailurePanel error={change.error} framed />}
      </div>
    </section>
  )
}
