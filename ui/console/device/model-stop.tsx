import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type LocalModelList, localModelList } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { formatInstant } from '../../shared/format.ts'
import { FailurePanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'

type Model = LocalModelList['models'][number]

/** Who may stop a model at the site and start it again; the appliance holds it as well. */
const STOPPERS: ReadonlySet<string> = new Set(['radiologist', 'site-admin', 'operator'])

/** Stops the model at this site, or starts it again. Needs no hub, and always a reason. */
export function ModelStop({ model }: { readonly model: Model }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const { halted, state } = model
  const act = halted?.kind === 'stopped-at-site' ? 'start' : 'stop'
  const send = useMutation({
    mutationFn: () => postJson(`/api/models/${model.model.name}/${act}`, { reason }, localModelList),
    onSuccess: async () => {
      setReason('')
      await queries.invalidateQueries({ queryKey: ['models'] })
    },
  })
  if (halted?.kind === 'recalled') {
    return (
      <p role="alert">
        Recalled by {halted.by} on {formatInstant(halted.at)}: {halted.reason} Nobody at a site can lift a recall.
      </p>
    )
  }
  if (state !== 'active' || !STOPPERS.has(role)) return null
  return (
    <form
      className="section"
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      <p>
        {halted === null
          ? 'Stopping takes effect from the next study on, without the hub. Studies then say "not scored".'
          : `Stopped on ${formatInstant(halted.at)}: ${halted.reason}`}
      </p>
      <TextField
        label={act === 'stop' ? 'Why is it stopped? No patient data.' : 'Why may it run again? No patient data.'}
        value={reason}
        maxLength={400}
        onChange={(event) => setReason(event.target.value)}
      />
      <div>
        <Button type="submit" disabled={send.isPending || reason.trim().length < 3}>
          {act === 'stop' ? `Stop ${model.model.name} here` : `Start ${model.model.name} again`}
        </Button>
      </div>
      {send.error !== null && <FailurePanel error={send.error} />}
    </form>
  )
}
