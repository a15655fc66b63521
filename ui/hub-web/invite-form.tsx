import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { invitation } from '../contract/hub-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'
import { formatInstant } from '../shared/format.ts'
import { FailurePanel } from '../shared/panels.tsx'

/** As the contract has it: lower-case letters, digits and hyphens. */
const NAME = /^[a-z0-9][a-z0-9-]{1,47}$/

/** Makes a one-time code. It is shown here, once, and nowhere else: leaving the page forgets it. */
export function InviteForm() {
  const queries = useQueryClient()
  const [device, setDevice] = useState('')
  const invite = useMutation({
    mutationFn: () => postJson(`/api/devices/${encodeURIComponent(device)}/invitation`, { minutes: 60 }, invitation),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['enrolment'] }),
  })
  return (
    <section className="section">
      <h2>Invite a box</h2>
      <form
        className="act-form"
        aria-label="Invite a box"
        onSubmit={(event) => {
          event.preventDefault()
          if (NAME.test(device)) invite.mutate()
        }}
      >
        <TextField
          label="Name of the box"
          value={device}
          maxLength={48}
          autoComplete="off"
          onChange={(event) => setDevice(event.currentTarget.value.trim())}
        />
        <Button main type="submit" disabled={invite.isPending || !NAME.test(device)}>
          Make a code
        </Button>
      </form>
      <div role="status">
        {invite.data !== undefined && (
          <div className="panel framed">
            <strong className="mono one-time-code">{invite.data.code}</strong>
            <div>
              For {invite.data.device}, once, until {formatInstant(invite.data.expiresAt)}. It is not shown again.
            </div>
            <div className="small quiet">
              Enter it at the box: in its console under Hub, or with “leadglass enrol”. Compare both fingerprints above
              with what the box shows.
            </div>
          </div>
        )}
      </div>
      {invite.error !== null && <FailurePanel error={invite.error} />}
    </section>
  )
}
