import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { desiredQueued } from '../contract/hub-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button, SelectField, TextField } from '../shared/controls.tsx'
import { FailurePanel } from '../shared/panels.tsx'
import { WISH_KINDS, withSection } from './wish-kinds.ts'

const SHORTEST_REASON = 3
const HOUR_MS = 3_600_000
const ENDS = [
  { value: '', label: 'no end' },
  { value: '1', label: 'in an hour' },
  { value: '24', label: 'in a day' },
  { value: '168', label: 'in a week' },
]

/** Makes the next wish of a box. What was wished before stands beside it; acts are done once and are not repeated. */
export function WishForm({ device, before }: { readonly device: string; readonly before: unknown }) {
  const queries = useQueryClient()
  const [value, setValue] = useState(WISH_KINDS[0]?.value ?? '')
  const [fields, setFields] = useState<Readonly<Record<string, string>>>({})
  const [reason, setReason] = useState('')
  const [hours, setHours] = useState('')
  const kind = WISH_KINDS.find((one) => one.value === value)
  const section = kind?.section(fields)
  const wish = useMutation({
    mutationFn: (sections: unknown) =>
      postJson(
        '/api/fleet/desired',
        {
          scope: 'device',
          name: device,
          sections,
          reason: reason.trim(),
          expiresAt: hours === '' ? null : new Date(Date.now() + Number(hours) * HOUR_MS).toISOString(),
        },
        desiredQueued,
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['devices'] }),
  })
  const isReady = section !== undefined && reason.trim().length >= SHORTEST_REASON && !wish.isPending
  return (
    <section className="section">
      <h2>Make a wish</h2>
      <form
        className="act-form"
        aria-label="Make a wish"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) wish.mutate(withSection(before, section))
        }}
      >
        <SelectField
          label="Wish"
          value={value}
          options={WISH_KINDS}
          onChange={(event) => {
            setValue(event.currentTarget.value)
            setFields({})
          }}
        />
        {kind?.fields.map(({ name, label, placeholder }) => (
          <TextField
            key={`${value}/${name}`}
            label={label}
            placeholder={placeholder}
            value={fields[name] ?? ''}
            maxLength={100}
            onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.value.trim() })}
          />
        ))}
        <SelectField
          label="Ends"
          value={hours}
          options={ENDS}
          onChange={(event) => setHours(event.currentTarget.value)}
        />
        <TextField
          label="Reason, for the history"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Button main type="submit" disabled={!isReady}>
          Queue the wish
        </Button>
      </form>
      {wish.error !== null && <FailurePanel error={wish.error} />}
    </section>
  )
}
