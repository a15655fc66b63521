import '../../shared/no-eval.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ShownSigningKey, signingKey, signingKeyList } from '../../contract/hub-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, FailurePanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { EnrolBrowserKey } from '../signing/my-key.tsx'
import { PasswordChange } from '../signing/password-change.tsx'

const TONES: Readonly<Record<ShownSigningKey['state'], Tone>> = {
  pending: 'waiting',
  active: 'good',
  revoked: 'refused',
}

/** Approvers' keys: one's own, those to confirm, those that were revoked. */
export function SigningKeysPage() {
  const query = useAnswer('signing-keys', '/api/signing-keys', signingKeyList)
  const keys = query.data?.keys
  const { role } = useSession()
  const approverRole =
    role === 'clinical-approver' ? 'clinical' : role === 'technical-approver' ? 'technical' : undefined
  return (
    <>
      <PageHead
        name="Signing keys"
        question="Whose keys may sign, where do they lie, and who confirmed them?"
        queries={[query]}
      />
      <div className="sections">
        <DataTable
          caption="Approvers’ keys"
          rows={query.data?.keys}
          rowKey={(key) => key.keyid}
          error={query.error}
          columns={COLUMNS}
          empty={<EmptyPanel title="No key is known." hint="The key ceremony brings the first ones." />}
        />
        {approverRole !== undefined && keys !== undefined && (
          <section className="section" aria-label="Your key">
            <h2>Your key</h2>
            <EnrolBrowserKey role={approverRole} known={keys} />
          </section>
        )}
        {keys?.some((key) => key.state !== 'revoked') === true && <KeyActs keys={keys} />}
        {!query.isPending && <PasswordChange />}
      </div>
    </>
  )
}

const COLUMNS: readonly Column<ShownSigningKey>[] = [
  { heading: 'Name', width: 18, cell: (key) => key.printedName },
  { heading: 'Account', width: 14, cell: (key) => key.person },
  { heading: 'Role', width: 9, cell: (key) => key.role },
  { heading: 'Lies in', width: 8, cell: (key) => key.kind },
  { heading: 'State', width: 10, cell: (key) => <StateMark tone={TONES[key.state]}>{key.state}</StateMark> },
  { heading: 'Confirmed by', width: 15, cell: confirmedBy },
  { heading: 'Key', width: 13, cell: (key) => <Digest value={key.keyid} /> },
]

function confirmedBy({ needed, confirmedBy: people }: ShownSigningKey): string {
  if (needed === 0) return 'key ceremony'
  return people.length === 0 ? 'nobody yet' : people.join(', ')
}

/** Confirm a key that waits, or revoke one that was lost. */
function KeyActs({ keys }: { readonly keys: readonly ShownSigningKey[] }) {
  const { account } = useSession()
  const waiting = keys.filter((key) => key.state === 'pending' && key.person !== account)
  return (
    <section className="section" aria-label="Confirm or revoke">
      <h2>Confirm or revoke</h2>
      {waiting.map((key) => (
        <KeyAct
          key={key.keyid}
          words={`Confirm the key of ${key.printedName} (${key.person}), ${key.confirmedBy.length} of ${key.needed} so far`}
          label="Code that the owner told you"
          button="Confirm"
          path={`/api/signing-keys/${key.keyid}/confirmation`}
          body={(code) => ({ code })}
        />
      ))}
      {keys
        .filter((key) => key.state !== 'revoked')
        .map((key) => (
          <KeyAct
            key={`revoke ${key.keyid}`}
            words={`Revoke the ${key.kind} key of ${key.printedName}: nothing that it signs counts from then on`}
            label="Why"
            button="Revoke"
            path={`/api/signing-keys/${key.keyid}/revocation`}
            body={(reason) => ({ reason })}
          />
        ))}
    </section>
  )
}

function KeyAct({
  words,
  label,
  button,
  path,
  body,
}: {
  readonly words: string
  readonly label: string
  readonly button: string
  readonly path: string
  readonly body: (text: string) => unknown
}) {
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const act = useMutation({
    mutationFn: () => postJson(path, body(text.trim()), signingKey),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['signing-keys'] }),
  })
  return (
    <details>
      <summary>{words}</summary>
      <div className="sign-components">
        <TextField
          label={label}
          value={text}
          maxLength={1000}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button disabled={act.isPending || text.trim().length < 3} onClick={() => act.mutate()}>
          {button}
        </Button>
        {act.error !== null && <FailurePanel error={act.error} framed />}
      </div>
    </details>
  )
}
