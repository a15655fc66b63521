import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type EnrolmentView, joinAsked } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { FailurePanel } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'

type Join = NonNullable<EnrolmentView['agent']>['join']

const ADDRESS = /^mqtts:\/\/[^/\s]+:\d{1,5}$/
const SHORTEST_CODE = 16

/** Joins a hub with a one-time code, and says how far it is. */
export function JoinForm({ hubUrl, join }: { readonly hubUrl: string; readonly join: Join }) {
  const queries = useQueryClient()
  const [address, setAddress] = useState(hubUrl)
  const [code, setCode] = useState('')
  const ask = useMutation({
    mutationFn: () => postJson('/api/enrolment/join', { hubUrl: address, code }, joinAsked),
    onSuccess: async () => {
      setCode('')
      await queries.invalidateQueries({ queryKey: ['enrolment'] })
    },
  })
  const isReady = ADDRESS.test(address) && code.trim().length >= SHORTEST_CODE && !ask.isPending
  return (
    <section className="section">
      <h2>Join a hub</h2>
      <form
        className="act-form"
        aria-label="Join a hub"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) ask.mutate()
        }}
      >
        <TextField
          label="Address of the hub"
          placeholder="mqtts://hub.example:11115"
          value={address}
          maxLength={300}
          onChange={(event) => setAddress(event.currentTarget.value.trim())}
        />
        <TextField
          label="One-time code"
          placeholder="XXXX-XXXX-XXXX-XXXX"
          autoComplete="off"
          value={code}
          maxLength={64}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button main type="submit" disabled={!isReady}>
          Join
        </Button>
      </form>
      <div role="status">
        <Progress join={join} />
      </div>
      {ask.error !== null && <FailurePanel error={ask.error} />}
    </section>
  )
}

function Progress({ join }: { readonly join: Join }) {
  if (join === null)
    return <span className="quiet">The key is made here and never leaves; the code does not travel.</span>
  if (join.state === 'asking') return <StateMark tone="working">asking the hub</StateMark>
  if (join.state === 'joined') return <StateMark tone="good">joined; the certificate is above</StateMark>
  return (
    <>
      <StateMark tone="refused">{join.problem?.message ?? 'refused'}</StateMark>
      <div>To do: {join.problem?.nextStep ?? 'look at the box at the hub'}.</div>
    </>
  )
}
