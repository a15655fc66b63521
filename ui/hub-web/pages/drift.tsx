import { useQuery } from '@tanstack/react-query'
import { type DriftList, driftList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { HistogramPair } from '../histogram-pair.tsx'
import { VersionLink } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'

type DriftRow = DriftList['features'][number]

const TONES: Readonly<Record<DriftRow['verdict'], Tone>> = {
  'too-few': 'waiting',
  stable: 'good',
  moderate: 'attention',
  major: 'refused',
}

/** One line per feature against its reference; number and window always beside the verdict. */
export function DriftPage() {
  const query = useQuery({
    queryKey: ['drift'],
    queryFn: ({ signal }) => getJson('/api/drift', driftList, signal),
  })
  return (
    <>
      <PageHead title="Drift" question="Do the studies that arrive still look like those the model was made from?" />
      <Loaded query={query} what="the drift counts">
        {({ features }) =>
          features.length === 0 ? (
            <EmptyPanel
              title="No counts have left a site yet."
              hint="Counts leave in cells of 11 or more; smaller ones wait at the site."
            />
          ) : (
            <DataTable
              caption="Drift by feature"
              rows={features}
              rowKey={(row) => `${row.device}/${row.model.digest}/${row.feature}/${row.month}`}
              columns={[
                { heading: 'Feature', cell: (row) => row.feature },
                { heading: 'Device', cell: (row) => row.device },
                { heading: 'Model', cell: (row) => <VersionLink model={row.model} /> },
                { heading: 'Month', cell: (row) => row.month },
                { heading: 'n', cell: (row) => row.n, numeric: true },
                { heading: 'PSI', cell: (row) => row.psi?.toFixed(3) ?? '–', numeric: true },
                { heading: 'Chi-square p', cell: (row) => row.chiSquareP?.toPrecision(2) ?? '–', numeric: true },
                {
                  heading: 'Verdict',
                  cell: (row) => <StateMark tone={TONES[row.verdict]}>{row.verdict.replace('-', ' ')}</StateMark>,
                },
                {
                  heading: 'Reference (outline), now (filled)',
                  cell: (row) => <HistogramPair reference={row.reference} current={row.current} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </>
  )
}
