import { type ReportedRuns, reportedRuns } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { Facts } from '../shared/facts.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'

/** What each step of a version means for whoever looks from the hub. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  stage: 'arriving',
  verify: 'being checked',
  golden: 'its golden cases run',
  shadow: 'runs beside the version in use',
  trial: 'scores, on trial',
  clean: 'scores',
  committed: 'verified, kept',
  waiting: 'taken back, tried again soon',
  quarantined: 'given up until it is approved anew',
  recalled: 'recalled for ever',
  'stopped-at-site': 'stopped by the site',
}

interface Row {
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly words: string
  readonly attempts: number
}

/** Which versions score at a box and which are on their way, by its own signed word. */
export function ReportedRunsSection({ state }: { readonly state: unknown }) {
  const read = reportedRuns.safeParse(state)
  const runs: ReportedRuns | undefined = read.success ? read.data : undefined
  const { verifiedSeconds = 0, refused = null } = runs?.updates ?? {}
  return (
    <section className="section">
      <h2>What runs there, as the box signed it</h2>
      <Facts
        facts={[
          {
            name: 'Repository verified as of',
            value:
              verifiedSeconds === 0 ? 'not reported' : formatInstant(new Date(verifiedSeconds * 1000).toISOString()),
          },
          { name: 'Refused last', value: refused === null ? 'nothing' : `${refused}: nothing was installed from it` },
        ]}
      />
      <DataTable
        caption="The versions at the box"
        rows={runs === undefined ? [] : rowsOf(runs)}
        rowKey={(row) => row.digest}
        columns={COLUMNS}
        compact
        empty={<EmptyPanel title="No version is reported." hint="The box reports one as soon as it scores." />}
      />
    </section>
  )
}

/** Versions that score and have no step of their own left are in use; all others as their step says. */
function rowsOf({ models, activations }: ReportedRuns): readonly Row[] {
  const scoring = new Set(models.map(({ model }) => model.digest))
  const steps = activations.map(({ model, state, attempts }) => {
    const isInUse = state === 'committed' && scoring.has(model.digest)
    return { ...model, words: isInUse ? 'in use' : (STATE_WORDS[state] ?? state), attempts }
  })
  const named = new Set(steps.map(({ digest }) => digest))
  const others = models.filter(({ model }) => !named.has(model.digest))
  return [...others.map(({ model }) => ({ ...model, words: 'in use', attempts: 0 })), ...steps]
}

const COLUMNS: readonly Column<Row>[] = [
  { heading: 'Model', width: 18, cell: (row) => `${row.name} ${row.version}` },
  { heading: 'Standing', width: 22, cell: (row) => row.words },
  { heading: 'Taken back', width: 9, cell: (row) => row.attempts, numeric: true },
  { heading: 'Digest', width: 14, cell: (row) => row.digest.slice(0, 12) },
]
