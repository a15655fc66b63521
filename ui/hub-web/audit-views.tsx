import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type AuditQueryView, savedViewList } from '../contract/hub-api.ts'
import { deleteJson, postJson } from '../shared/api-client.ts'
import { Button, SelectField, TextField } from '../shared/controls.tsx'
import { useAnswer } from '../shared/queries.ts'
import { queryString } from './audit-event.ts'

const PATH = '/api/audit/views'

/** The searches that this person has saved: choose one, save this one under a name, remove one. */
export function SavedViews(props: {
  readonly query: AuditQueryView
  readonly onQuery: (query: AuditQueryView) => void
}) {
  const { query, onQuery } = props
  const queries = useQueryClient()
  const saved = useAnswer('audit-views', PATH, savedViewList, false)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState('')
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['audit-views'] })
  const save = useMutation({ mutationFn: () => postJson(PATH, { name, query }, savedViewList), onSuccess })
  const remove = useMutation({
    mutationFn: (view: string) => deleteJson(`${PATH}/${encodeURIComponent(view)}`, savedViewList),
    onSuccess,
  })
  const views = saved.data?.views ?? []
  // After a search the form is new: a view is the chosen one when it is what the address says.
  const shown = views.find((view) => view.name === chosen) ?? views.find((view) => same(view.query, query))
  return (
    <form
      className="together"
      aria-label="Saved views"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') save.mutate(undefined, { onSuccess: () => setChosen(name.trim()) })
      }}
    >
      <SelectField
        label="Saved view"
        value={shown?.name ?? ''}
        options={[
          { value: '', label: views.length === 0 ? 'none saved' : 'choose' },
          ...views.map((view) => ({ value: view.name, label: view.name })),
        ]}
        onChange={(event) => {
          const { value } = event.currentTarget
          setChosen(value)
          const view = views.find((one) => one.name === value)
          if (view !== undefined) onQuery(view.query)
        }}
      />
      <Button small disabled={shown === undefined} onClick={() => shown !== undefined && remove.mutate(shown.name)}>
        Remove view
      </Button>
      <TextField
        label="Save this search as"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button small type="submit" disabled={name.trim() === ''}>
        Save view
      </Button>
      {(save.isError || remove.isError) && <span role="alert">The view was not changed.</span>}
    </form>
  )
}

function same(one: AuditQueryView, other: AuditQueryView): boolean {
  const sorted = (query: AuditQueryView): string => queryString(query).split('&').sort().join('&')
  return sorted(one) === sorted(other)
}
