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
  const enrol = useMutation({
    mutationFn: async () => {
      const key = await createBrowserKey(account)
      const { publicKey } = key
      const body = { person: account, password, role, printedName: printedName.trim(), publicKey, kind: 'browser' }
      return postJson('/api/signing-keys', body, enrolledKey)
    },
    onSettled: async () => {
      setPassword('')
      await queries.invalidateQueries({ queryKey: ['browser-key'] })
      await queries.invalidateQueries({ queryKey: ['signing-keys'] })
    },
  })
  const here = known.find((key) => key.keyid === mine?.keyid)
  if (here !== undefined && here.state !== 'revoked' && enrol.data === undefined) {
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
          <p className="small quiet">
            The key is made in this browser and cannot be read or copied, by nobody. Another person confirms it with a
            code that you tell them; then the custodians list it.
          </p>
          <TextField
            label="Your name, as it stands in every printed signature"
            value={printedName}
            maxLength={120}
            onChange={(event) => setPrintedName(event.currentTarget.value)}
          />
          <TextField
            label="Your hub password"
            type="password"
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button
            main
            disabled={enrol.isPending || printedName.trim() === '' || password === ''}
            onClick={() => enrol.mutate()}
          >
            Make a key in this browser
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
