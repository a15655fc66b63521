import { Link } from '@tanstack/react-router'
import type { StudyDetail } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Given } from '../../shared/given.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'
import { ScoreGauge } from '../score-line.tsx'
import { type ScoreRow, scoreRows } from '../score-rows.ts'
import { operatingPointWords } from '../study-words.ts'
import { Quality } from './quality.tsx'
import { Radiomics } from './radiomics.tsx'

/** Each image with what was said of it: score, operating point and model, or the reason why there is none. */
export function Scores({ detail, hidden }: { readonly detail: StudyDetail; readonly hidden: boolean }) {
  return (
    <section className="section">
      <h2>Images and scores</h2>
      {hidden ? (
        <div className="panel framed">
          <strong>Scores are hidden for blind reading.</strong>
          <span className="small">
            Answer below first, then{' '}
            <Link to="/studies/$study" params={{ study: detail.summary.study }} search={{}}>
              show the scores
            </Link>
            .
          </span>
        </div>
      ) : (
        <>
          <DataTable
            caption="Images and scores"
            rows={scoreRows(detail.instances)}
            rowKey={(row) => row.key}
            columns={COLUMNS}
            empty={<EmptyPanel title="No image yet." hint="The first image of this revision has not arrived." />}
          />
          <Quality instances={detail.instances} />
          <Radiomics regions={detail.radiomics} />
        </>
      )}
    </section>
  )
}

const COLUMNS: readonly Column<ScoreRow>[] = [
  { heading: 'Image', width: 5.5, cell: (row) => row.instance.instance + 1, numeric: true },
  { heading: 'Finding', width: 19, cell: (row) => (row.kind === 'score' ? row.score.title : '–') },
  { heading: 'Outcome', width: 22.5, wraps: true, cell: (row) => <Outcome row={row} /> },
  {
    heading: 'Score',
    width: 6,
    numeric: true,
    cell: (row) => (row.kind === 'score' ? row.score.value.toFixed(3) : '–'),
  },
  {
    heading: 'Operating point',
    width: 11,
    numeric: true,
    cell: (row) => (row.kind === 'score' ? operatingPointWords(row.score) : '–'),
  },
  { heading: '0 to 1', width: 7, cell: (row) => (row.kind === 'score' ? <ScoreGauge score={row.score} /> : '') },
  { heading: 'Model', width: 14, cell: (row) => row.model },
  { heading: 'From', width: 8, cell: (row) => row.instance.callingAeTitle },
]

function Outcome({ row }: { readonly row: ScoreRow }) {
  switch (row.kind) {
    case 'score':
      return (
        <StateMark tone={row.score.above ? 'attention' : 'good'}>
          {row.score.above ? 'above operating point' : 'below operating point'}
        </StateMark>
      )
    case 'not-scored':
      return (
        <StateMark tone="neutral">
          <Given words={row.words} />
        </StateMark>
      )
    case 'not-yet':
      return <StateMark tone="waiting">not looked at yet</StateMark>
  }
}
