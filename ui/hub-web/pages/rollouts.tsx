import '../../shared/no-eval.ts'
import { type RecallListView, type RolloutDetail, recallList, rolloutList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { RolloutPanel } from '../rollout-panel.tsx'

const TONES: Readonly<Record<RolloutDetail['state'], Tone>> = {
  running: 'waiting',
  paused: 'waiting',
  halted: 'refused',
  finished: 'good',
}

/** Versions on their way to the sites, and versions that were stopped everywhere. */
export function RolloutsPage() {
  const rollouts = useAnswer('rollouts', '/api/rollouts', rolloutList)
  const recalls = useAnswer('recalls', '/api/recalls', recallList)
  return (
    <>
      <PageHead
        name="Rollouts"
        question="Which version is on its way to which sites, and what was stopped everywhere?"
        queries={[rollouts, recalls]}
      />
      <div className="sections">
        <section className="section">
          <h2>Rollouts</h2>
          <DataTable
            caption="The rollouts"
            rows={rollouts.data?.rollouts}
            rowKey={(row) => String(row.rollout)}
            error={rollouts.error}
            columns={COLUMNS}
            detail={{
              name: (row) => `rollout ${row.rollout}`,
              content: (row) => <RolloutPanel rollout={row} />,
            }}
            empty={
              <EmptyPanel
                title="Nothing is being rolled out."
                hint="“leadglass rollout begin NAME@VERSION --canary SITE” brings a published version to the sites, ring by ring."
              />
            }
          />
        </section>
        <section className="section">
          <h2>Recalled versions</h2>
          <DataTable
            caption="The recalled versions"
            rows={recalls.data?.recalls}
            rowKey={(row) => row.model.digest}
            error={recalls.error}
            columns={RECALL_COLUMNS}
            empty={
              <EmptyPanel
                title="Nothing is recalled."
                hint={
                  recalls.data?.officers.length === 0
                    ? 'No safety officer is named yet: “leadglass recall officers” names one.'
                    : 'One safety officer stops a version everywhere with “leadglass recall model”.'
                }
              />
            }
          />
        </section>
      </div>
    </>
  )
}

const COLUMNS: readonly Column<RolloutDetail>[] = [
  { heading: 'No.', width: 4, cell: (row) => row.rollout, numeric: true },
  { heading: 'Model', width: 15, cell: ({ model }) => `${model.name} ${model.version}` },
  { heading: 'State', width: 9, cell: (row) => <StateMark tone={TONES[row.state]}>{row.state}</StateMark> },
  { heading: 'Ring', width: 6, cell: ({ ring, rings }) => `${ring} of ${rings}` },
  {
    heading: 'In use at',
    width: 9,
    cell: ({ sites }) => `${sites.filter(({ progress }) => progress === 'in-use').length} of ${sites.length}`,
  },
  { heading: 'Why', width: 30, cell: (row) => row.reason ?? '–', wraps: true },
  { heading: 'Begun', width: 13, cell: (row) => formatInstant(row.createdAt) },
]

const RECALL_COLUMNS: readonly Column<RecallListView['recalls'][number]>[] = [
  { heading: 'Model', width: 15, cell: ({ model }) => `${model.name} ${model.version}` },
  { heading: 'Recalled by', width: 14, cell: (row) => row.person },
  { heading: 'Why', width: 40, cell: (row) => row.reason, wraps: true },
  { heading: 'At', width: 13, cell: (row) => formatInstant(row.recalledAt) },
]
