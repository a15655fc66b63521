import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { enrolledKey, type ShownSigningKey } from '../../contract/hub-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { FailurePanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'
import { type BrowserKey, createBrowserKey, findBrowserKey } from './browser-key.ts'

/** The key of whoever is signed in, as this browser holds it; `null` when it holds none. */
export function useBrowserKey(): BrowserKey | null | undefined {
  const { account } = useSession()
  const query = useQuery({
    queryKey: ['browser-key', account],
    queryFn: async () => (await findBrowserKey(account)) ?? null,
    refetchInterval: false,
  })
  return query.data
}

/** Makes a key in this browser for the approver who is signed in, and says who must confirm it. */
export function EnrolBrowserKey({
  role,
  known,
}: {
  readonly role: 'clinical' | 'technical'
  readonly known: readonly ShownSigningKey[]
}) {
  const { account } = useSession()
  const queries = useQueryClient()
  const mine = useBrowserKey()
  const [printedName, setPrintedName] = useState('')
  const [password, setPassword] = useState('')
  const here = known.find((key) => key.keyid === mine?.keyid)
  const pending = here?.state === 'pending' ? here : undefined
  const enrol = useMutation({
    mutationFn: async () => {
      // Brought again, a key that waits gets a new code; the one before was lost, too old, or tried wrongly too often.
      const publicKey = pending?.publicKey ?? (await createBrowserKey(account)).publicKey
      const name = pending?.printedName ?? printedName.trim()
      const body = { person: account, password, role, printedName: name, publicKey, kind: 'browser' }
      return postJson('/api/signing-keys', body, enrolledKey)
    },
    onSettled: async () => {
      setPassword('')
      await queries.invalidateQueries({ queryKey: ['browser-key'] })
      await queries.invalidateQueries({ queryKey: ['signing-keys'] })
    },
  })
  if (here?.state === 'active' && enrol.data === undefined) {
    return (
      <p>
        Your key in this browser is {here.state}: <span className="mono">{here.keyid.slice(0, 16)}</span>
      </p>
    )
  }
  return (
    <div className="sign-components">
      {enrol.data === undefined ? (
        <>
          {pending === undefined ? (
            <>
              <p className="small quiet">
                The key is made in this browser and cannot be read or copied, by nobody. Another person confirms it with
                a code that you tell them; then the custodians list it.
              </p>
              <TextField
                label="Your name, as it stands in every printed signature"
                value={printedName}
                maxLength={120}
                onChange={(event) => setPrintedName(event.currentTarget.value)}
              />
            </>
          ) : (
            <p>
              Your key in this browser waits to be confirmed: <span className="mono">{pending.keyid.slice(0, 16)}</span>
              . A code holds for fifteen minutes and five attempts; you can have a new one.
            </p>
          )}
          <TextField
            label="Your hub password"
            type="password"
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button
            main
            disabled={enrol.isPending || (pending === undefined && printedName.trim() === '') || password === ''}
            onClick={() => enrol.mutate()}
          >
            {pending === undefined ? 'Make a key in this browser' : 'New code'}
          </Button>
        </>
      ) : (
        <p role="status">
          Tell this code to the person who confirms it, within fifteen minutes:{' '}
          <strong className="mono">{enrol.data.code}</strong>
        </p>
      )}
      {enrol.error !== null && <FailurePanel error={enrol.error} framed />}
    </div>
  )
}
