import type { z } from 'zod'
import type { signingAlarmList } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant } from '../shared/format.ts'
import { StateMark } from '../shared/state-mark.tsx'

type Alarm = z.infer<typeof signingAlarmList>['alarms'][number]

/** Total for what the hub raises today; a newer hub's word is shown as it is. */
const WORDS: Readonly<Record<string, string>> = {
  'signing-locked': 'Five failed attempts; signing and sign-in were locked for fifteen minutes.',
  'confirmation-codes-wrong': 'Five wrong codes while confirming a key; the code was taken back.',
  'online-keys-key-not-found': 'The token with the hub’s own keys is not there: nothing new is published.',
  'online-keys-pin-refused': 'The token with the hub’s own keys refuses the PIN: nothing new is published.',
  'online-keys-pin-file-unusable': 'The PIN of the hub’s token cannot be read safely: nothing new is published.',
}

/** Alarms about signing (21 CFR 11.300(d)), newest first; nothing where there is none. */
export function SigningAlarms({ alarms }: { readonly alarms: readonly Alarm[] }) {
  if (alarms.length === 0) return null
  return (
    <section className="section" aria-label="Alarms about signing">
      <h2>
        <StateMark tone="refused">Alarms about signing</StateMark>
      </h2>
      <DataTable
        caption="Alarms about signing"
        rows={alarms.slice(0, 10)}
        rowKey={({ at, person, code }, place) => `${at}/${person}/${code}/${place}`}
        columns={COLUMNS}
        empty={null}
      />
      {alarms.length > 10 && (
        <p className="small quiet">
          {alarms.length - 10} older: <code>leadglass approve alarms</code>
        </p>
      )}
    </section>
  )
}

const COLUMNS: readonly Column<Alarm>[] = [
  { heading: 'At', width: 13, cell: ({ at }) => formatInstant(at) },
  { heading: 'Who', width: 14, cell: ({ person }) => person },
  { heading: 'What', width: 46, cell: ({ code }) => WORDS[code] ?? code.replaceAll('-', ' '), wraps: true },
]
