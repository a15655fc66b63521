import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import {
  type ApprovalDocument,
  type ApprovalSummary,
  approvalDocument,
  type Meaning,
  meaning,
} from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { Button, SelectField, TextField } from '../../shared/controls.tsx'
import { formatInstant } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { FailurePanel } from '../../shared/panels.tsx'
import type { BrowserKey } from './browser-key.ts'
import { isWhatItSays, signInPage } from './sign-act.ts'

const MEANINGS = [
  { value: '', label: 'choose what you mean' },
  ...meaning.options.map((value) => ({ value, label: value })),
]

/**
 * The act of signing: what is signed and by whom, the meaning, both components. A modal dialog of the browser keeps the
 * focus inside and closes on Escape; it is no form, so that Enter signs nothing.
 */
export function SignDialog({
  approval,
  browserKey,
  onClose,
}: {
  readonly approval: ApprovalSummary
  readonly browserKey: BrowserKey
  readonly onClose: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const path = `/api/approvals/${encodeURIComponent(approval.approval)}/document`
  const query = useQuery({
    queryKey: ['signing', path],
    queryFn: async ({ signal }) => {
      const document = await getJson(path, approvalDocument, signal)
      return { document, agrees: await isWhatItSays(document) }
    },
    refetchInterval: false,
    gcTime: 0,
  })
  return (
    <dialog ref={dialog} className="sign-dialog" aria-labelledby="sign-heading" onClose={onClose}>
      <h2 id="sign-heading">
        Sign {approval.model.name} {approval.model.version}
      </h2>
      {query.error !== null && <FailurePanel error={query.error} framed />}
      {query.data !== undefined && <WhatIsSigned document={query.data.document} agrees={query.data.agrees} />}
      <Components
        document={query.data?.agrees === true ? query.data.document : undefined}
        browserKey={browserKey}
        asked={approval.signoffs.find((one) => one.person === browserKey.account)?.meaning}
        onCancel={() => dialog.current?.close()}
        onSigned={() => dialog.current?.close()}
      />
    </dialog>
  )
}

function WhatIsSigned({ document, agrees }: { readonly document: ApprovalDocument; readonly agrees: boolean }) {
  return (
    <>
      <dl className="sign-facts">
        {document.summary.map(({ name, value }) => (
          <FactLine key={name} name={name}>
            <Given words={value} />
          </FactLine>
        ))}
        <FactLine name="Signed bytes">
          <span className="mono">SHA-256 {document.digest}</span>
        </FactLine>
        <FactLine name="Time of the hub">{formatInstant(document.serverTime)}</FactLine>
      </dl>
      <p className="small quiet" role="status">
        {agrees
          ? 'This page computed the digest from the bytes itself; it agrees.'
          : 'The bytes do not have this digest. Do not sign; tell the administrator of the hub.'}
      </p>
    </>
  )
}

function FactLine({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Components({
  document,
  browserKey,
  asked,
  onCancel,
  onSigned,
}: {
  readonly document: ApprovalDocument | undefined
  readonly browserKey: BrowserKey
  readonly asked: string | undefined
  readonly onCancel: () => void
  readonly onSigned: () => void
}) {
  const queries = useQueryClient()
  const [chosen, setChosen] = useState('')
  const [reason, setReason] = useState('')
  const [password, setPassword] = useState('')
  const sign = useMutation({
    mutationFn: async (what: ApprovalDocument) =>
      signInPage(what, browserKey, { password, reason, meaning: chosen as Meaning }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['approvals'] })
      onSigned()
    },
    // A password stays on the screen of nobody who failed with it.
    onError: () => setPassword(''),
  })
  const ready = document !== undefined && meaning.safeParse(chosen).success && password !== ''
  return (
    <div className="sign-components">
      <SelectField
        label={asked === undefined ? 'Meaning of your signature' : `Meaning of your signature (asked of you: ${asked})`}
        options={MEANINGS}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
      />
      <TextField
        label="Reason, becomes part of what you sign (may stay empty)"
        value={reason}
        maxLength={1000}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <p className="small quiet">
        You sign as <strong>{browserKey.account}</strong>, with your password and with the key of this browser{' '}
        <span className="mono">{browserKey.keyid.slice(0, 16)}</span>.
      </p>
      <TextField
        label={`Hub password of ${browserKey.account}`}
        type="password"
        autoComplete="off"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {sign.error !== null && <FailurePanel error={sign.error} framed />}
      <div className="toolbar">
        <Button onClick={onCancel}>Cancel</Button>
        <Button
          main
          disabled={!ready || sign.isPending}
          onClick={() => {
            if (document !== undefined) sign.mutate(document)
          }}
        >
          {sign.isPending ? 'Signing …' : 'Sign'}
        </Button>
      </div>
    </div>
  )
}
