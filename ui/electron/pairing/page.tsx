import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button, TextField } from '../../shared/controls.tsx'
import { deskBridge } from '../../shared/desk-bridge.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { NotForDiagnosis } from '../../shared/strip.tsx'
import type { PairingOutcome } from '../ipc.ts'

const WORDS: Readonly<Record<Exclude<PairingOutcome['outcome'], 'paired'>, readonly [string, string]>> = {
  unreadable: [
    'This is no pairing text.',
    'It is one line that begins with leadglass-console:// and is printed on the appliance by "leadglass console pair".',
  ],
  unreachable: [
    'Nobody answers at that address.',
    'See that the appliance runs and listens for this network, and that no firewall is between.',
  ],
  'other-key': [
    'Another machine answers at that address, or the appliance was set up anew.',
    'Do not go on. Compare the text with the appliance’s own screen; where they are the same, call your administrator.',
  ],
}

/** Tells the console once where its appliance is. */
export function PairingPage() {
  const [text, setText] = useState('')
  const pair = useMutation({
    mutationFn: async () => {
      const desk = deskBridge()
      if (desk === undefined) throw new Error('this page belongs to the console on a desk')
      return desk.pair(text)
    },
    onSuccess: ({ outcome }) => {
      if (outcome === 'paired') window.location.assign('/')
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    pair.mutate()
  }
  const refused = pair.data === undefined || pair.data.outcome === 'paired' ? undefined : WORDS[pair.data.outcome]
  return (
    <>
      <NotForDiagnosis />
      <main className="page-main">
        <form className="sign-in" onSubmit={submit}>
          <h1>Pair this console</h1>
          <p>
            Run <code>leadglass console pair</code> on the appliance and enter the line that it prints. The console then
            talks to that machine alone, and to no other that takes its address.
          </p>
          <TextField
            label="Pairing text"
            required
            autoComplete="off"
            spellCheck={false}
            maxLength={512}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button main type="submit" disabled={pair.isPending}>
            {pair.isPending ? 'Looking …' : 'Pair'}
          </Button>
          {refused !== undefined && (
            <div className="panel framed" role="alert">
              <StateMark tone="refused">
                <strong>{refused[0]}</strong>
              </StateMark>
              <div className="quiet">{refused[1]}</div>
            </div>
          )}
        </form>
      </main>
    </>
  )
}
