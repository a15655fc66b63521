import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'

const settled = z.object({ alert: z.uuid() })

/** Closes an alert with what was found. @param path of the alerts. @param area whose answers are asked for again. */
export function SettleForm({
  path,
  alert,
  area,
}: {
  readonly path: string
  readonly alert: string
  readonly area: string
}) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const settle = useMutation({
    mutationFn: () => postJson(`${path}/${encodeURIComponent(alert)}/settle`, { reason }, settled),
    onSuccess: () => queries.invalidateQueries({ queryKey: [area] }),
  })
  return (
    <form
      className="together"
      aria-label="Settle the alert"
      onSubmit={(event) => {
        event.preventDefault()
        settle.mutate()
      }}
    >
      <TextField
        label="What was found; free of identities"
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button small type="submit" disabled={reason.trim() === '' || settle.isPending}>
        Settle
      </Button>
      {settle.isError && <span role="alert">The alert was not settled.</span>}
    </form>
  )
}
