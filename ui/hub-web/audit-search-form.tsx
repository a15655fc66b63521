import { useState } from 'react'
import { type AuditQueryView, auditQuery } from '../contract/hub-api.ts'
import { Button, SelectField, TextField } from '../shared/controls.tsx'

/** Fields to write in, in their order, with what a person reads. */
const FIELDS = [
  ['actor', 'Who', 'account, pseudonym or program'],
  ['event', 'What', 'session, or study.read'],
  ['subject', 'About', 'study pseudonym, device, batch'],
  ['model', 'Model', 'chest-radiograph'],
] as const

const OUTCOMES = ['', 'success', 'failure', 'refused'].map((value) => ({ value, label: value === '' ? 'any' : value }))

/** What is searched for. Each search is an entry in the log, so it is asked on purpose and not while somebody writes. */
export function AuditSearchForm(props: {
  readonly query: AuditQueryView
  readonly logs: readonly string[]
  readonly onQuery: (query: AuditQueryView) => void
}) {
  const { query, logs, onQuery } = props
  const [draft, setDraft] = useState<Readonly<Record<string, string | undefined>>>({ ...query })
  const [refused, setRefused] = useState(false)
  const set = (name: string, value: string): void => setDraft({ ...draft, [name]: value.trim() })
  const ask = (given: Readonly<Record<string, string | undefined>>): void => {
    const named = Object.entries(given).filter(([, value]) => value !== '' && value !== undefined)
    const parsed = auditQuery.safeParse(Object.fromEntries(named))
    setRefused(!parsed.success)
    if (parsed.success) onQuery(parsed.data)
  }
  return (
    <form
      className="audit-search"
      aria-label="Search"
      onSubmit={(event) => {
        event.preventDefault()
        ask(draft)
      }}
    >
      <SelectField
        label="Log"
        value={query.log ?? ''}
        options={['', ...new Set(['hub', ...(query.log === undefined ? [] : [query.log]), ...logs])].map((name) => ({
          value: name,
          label: name === '' ? 'every log' : name,
        }))}
        onChange={(event) => {
          const next = { ...draft, log: event.currentTarget.value }
          setDraft(next)
          ask(next)
        }}
      />
      {FIELDS.map(([name, label, example]) => (
        <TextField
          key={name}
          label={label}
          placeholder={example}
          value={draft[name] ?? ''}
          onChange={(event) => set(name, event.currentTarget.value)}
        />
      ))}
      <TextField
        label="From"
        type="date"
        value={draft.from ?? ''}
        onChange={(event) => set('from', event.currentTarget.value)}
      />
      <TextField
        label="Until"
        type="date"
        value={draft.until ?? ''}
        onChange={(event) => set('until', event.currentTarget.value)}
      />
      <SelectField
        label="Outcome"
        value={draft.outcome ?? ''}
        options={OUTCOMES}
        onChange={(event) => set('outcome', event.currentTarget.value)}
      />
      <Button main type="submit">
        Search
      </Button>
      <Button
        onClick={() => {
          setDraft({})
          ask({})
        }}
      >
        Clear
      </Button>
      {refused && <span role="alert">A field has letters that no entry has; nothing was searched.</span>}
    </form>
  )
}
