import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { actDone, type EnrolmentList } from '../contract/hub-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'
import { formatInstant } from '../shared/format.ts'
import { FailurePanel } from '../shared/panels.tsx'

const SHORTEST_REASON = 3

/** Signs by which a copy was found, in words. */
const SIGNS: Readonly<Record<string, string>> = {
  'boot.conflict': 'two starts of the agent gave the same number',
  'boot.backwards': 'an earlier start came after a later one',
  'renewal.conflict': 'its certificate was renewed by a second key',
  'certificate.superseded': 'a certificate was shown that had been replaced',
}

/** Release of a box that is held, and revocation. */
export function DeviceActs(props: {
  readonly device: EnrolmentList['devices'][number]
  /** Whether this person may act; everybody may look. */
  readonly isAllowed: boolean
}) {
  const { device, isAllowed } = props
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const path = `/api/devices/${encodeURIComponent(device.device)}`
  const onSuccess = async () => {
    setReason('')
    await queries.invalidateQueries({ queryKey: ['enrolment'] })
    await queries.invalidateQueries({ queryKey: ['devices'] })
  }
  const release = useMutation({ mutationFn: () => postJson(`${path}/release`, {}, actDone), onSuccess })
  const revoke = useMutation({
    mutationFn: () => postJson(`${path}/revocation`, { reason: reason.trim() }, actDone),
    onSuccess,
  })
  const isBusy = release.isPending || revoke.isPending
  const error = release.error ?? revoke.error
  return (
    <div className="section">
      {device.heldReason !== null && device.heldAt !== null && (
        <p>
          Held since {formatInstant(device.heldAt)}: {SIGNS[device.heldReason] ?? device.heldReason}. The hub listens to
          neither box. Find out which one is real: invite it again, or release it when there is only one.
        </p>
      )}
      {device.revokedAt !== null && <p>Revoked {formatInstant(device.revokedAt)}. The name is never given again.</p>}
      {!isAllowed && <p className="quiet">Somebody with the role mlops acts on boxes.</p>}
      {isAllowed && device.revokedAt === null && (
        <div className="act-form">
          {device.heldReason !== null && (
            <Button disabled={isBusy} onClick={() => release.mutate()}>
              Release: there is only one box
            </Button>
          )}
          <TextField
            label="Reason of the revocation, for the record"
            value={reason}
            maxLength={200}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button disabled={isBusy || reason.trim().length < SHORTEST_REASON} onClick={() => revoke.mutate()}>
            Revoke for good
          </Button>
        </div>
      )}
      {error !== null && <FailurePanel error={error} />}
    </div>
  )
}
