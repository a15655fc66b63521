import type {
  EvaluationComparison,
  EvaluationDocument,
  EvaluationEstimate,
  EvaluationGroup,
  EvaluationPoint,
  EvaluationShare,
  ShortcutCheck,
} from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInterval, wordsOf } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

/** Strata that a cell names; the interface has more. */
const MOST_STRATA = 8

/** Operating points, subgroups, the shortcut check and the comparison, as tables with their numbers of cases. */
export function EvaluationTables({ evaluation }: { readonly evaluation: EvaluationDocument }) {
  const { candidate, comparison, subgroups, shortcuts, minimum, leftOut } = evaluation
  return (
    <>
      <h3>Operating points</h3>
      <DataTable
        caption="Operating points"
        rows={candidate.points}
        rowKey={(row) => row.name}
        columns={POINT_COLUMNS}
        compact
        empty={<EmptyPanel title="No operating point." hint="A version decides at one." />}
      />
      {candidate.points.map(({ name, threshold, chosenBy }) => (
        <p key={name} className="small quiet">
          {wordsOf(name)}: threshold {threshold.toFixed(3)}, {chosenBy}.
        </p>
      ))}
      {comparison !== null && <Comparison comparison={comparison} />}
      <h3>Subgroups</h3>
      <p className="small quiet">
        Differences are to all other studies. No figure below {minimum.cases} studies or {minimum.perClass} of a class
        {leftOut.map(({ by, groups }) => `; ${groups} smaller groups by ${wordsOf(by)} are left out`).join('')}.
      </p>
      <DataTable
        caption="Subgroups, ranking and calibration"
        rows={subgroups}
        rowKey={groupKey}
        columns={RANKING_COLUMNS}
        compact
        empty={NO_GROUP}
      />
      <DataTable
        caption="Subgroups, decisions at the point in use"
        rows={subgroups}
        rowKey={groupKey}
        columns={DECISION_COLUMNS}
        compact
        empty={NO_GROUP}
      />
      <h3>Does it recognise how the picture was taken?</h3>
      <DataTable
        caption="Shortcut check"
        rows={shortcuts}
        rowKey={(row) => row.by}
        columns={SHORTCUT_COLUMNS}
        compact
        empty={<EmptyPanel title="Nothing to tell apart." hint="All studies were taken the same way." />}
      />
    </>
  )
}

const NO_GROUP = <EmptyPanel title="No subgroup." hint="Nothing is known of the studies by which to part them." />

function groupKey({ by, value }: EvaluationGroup): string {
  return `${by}/${value}`
}

function Comparison({ comparison }: { readonly comparison: EvaluationComparison }) {
  return (
    <>
      <h3>Against the running version, on the same studies</h3>
      <DataTable
        caption="Against the running version"
        rows={comparedRows(comparison)}
        rowKey={(row) => row.name}
        columns={COMPARED_COLUMNS}
        compact
        empty={<EmptyPanel title="Nothing was compared." hint="There is no running version." />}
      />
    </>
  )
}

interface Compared {
  readonly name: string
  readonly difference: EvaluationEstimate
  readonly p: number | null
  readonly parted: string
}

function comparedRows({ auc, averagePrecision, brier, points }: EvaluationComparison): Compared[] {
  return [
    { name: 'AUC', difference: auc, p: auc.p, parted: '' },
    { name: 'average precision', difference: averagePrecision, p: null, parted: '' },
    { name: 'Brier score (less is better)', difference: brier, p: brier.p, parted: '' },
    ...points.flatMap((point) =>
      (['sensitivity', 'specificity'] as const).flatMap((name): Compared[] => {
        const found = point[name]
        if (found === null) return []
        const parted = `${found.onlyCandidate} only this, ${found.onlyRunning} only the running, of ${found.n}`
        return [{ name: `${name} at ${point.name}`, difference: found, p: found.p, parted }]
      }),
    ),
  ]
}

const COMPARED_COLUMNS: readonly Column<Compared>[] = [
  { heading: 'Figure', width: 18, cell: (row) => row.name },
  { heading: 'Difference (interval)', width: 17, cell: (row) => figure(row.difference), numeric: true },
  {
    heading: 'p',
    width: 7,
    cell: (row) => (row.p === null ? '–' : row.p < 0.001 ? '< 0.001' : row.p.toFixed(3)),
    numeric: true,
  },
  { heading: 'Right in one only', width: 22, cell: (row) => row.parted },
]

const POINT_COLUMNS: readonly Column<EvaluationPoint>[] = [
  { heading: 'Point', width: 9, cell: (row) => wordsOf(row.name) },
  { heading: 'Sensitivity', width: 15.5, cell: (row) => share(row.sensitivity), numeric: true },
  { heading: 'Specificity', width: 15.5, cell: (row) => share(row.specificity), numeric: true },
  { heading: 'PPV', width: 15.5, cell: (row) => share(row.positivePredictiveValue), numeric: true },
  { heading: 'NPV', width: 15.5, cell: (row) => share(row.negativePredictiveValue), numeric: true },
]

const GROUP: Column<EvaluationGroup> = {
  heading: 'Subgroup',
  width: 12,
  cell: ({ by, value }) => `${wordsOf(by)} ${value}`,
}

const RANKING_COLUMNS: readonly Column<EvaluationGroup>[] = [
  GROUP,
  { heading: 'Studies', width: 6, cell: (row) => row.n, numeric: true },
  { heading: 'Positive', width: 6, cell: (row) => row.positives, numeric: true },
  { heading: 'AUC', width: 12, cell: (row) => figure(row.figures.auc), numeric: true },
  { heading: 'AUC less others', width: 12, cell: (row) => figure(row.lessRest.auc), numeric: true },
  { heading: 'Calibration slope', width: 12, cell: (row) => figure(row.figures.calibrationSlope), numeric: true },
  { heading: 'Slope less others', width: 12, cell: (row) => figure(row.lessRest.calibrationSlope), numeric: true },
]

const DECISION_COLUMNS: readonly Column<EvaluationGroup>[] = [
  GROUP,
  { heading: 'Sensitivity', width: 15.5, cell: (row) => share(row.figures.sensitivity), numeric: true },
  { heading: 'Sensitivity less others', width: 14, cell: (row) => figure(row.lessRest.sensitivity), numeric: true },
  { heading: 'Specificity', width: 15.5, cell: (row) => share(row.figures.specificity), numeric: true },
  { heading: 'Specificity less others', width: 14, cell: (row) => figure(row.lessRest.specificity), numeric: true },
]

const TONES: Readonly<Record<ShortcutCheck['verdict'], Tone>> = {
  suspected: 'attention',
  'not-seen': 'good',
  'too-few': 'waiting',
}

const SHORTCUT_COLUMNS: readonly Column<ShortcutCheck>[] = [
  { heading: 'By', width: 5, cell: (row) => row.by },
  {
    heading: 'Verdict',
    width: 8,
    cell: ({ verdict }) => <StateMark tone={TONES[verdict]}>{wordsOf(verdict)}</StateMark>,
  },
  { heading: 'AUC of all pairs', width: 12, cell: (row) => figure(row.overall), numeric: true },
  { heading: 'of pairs taken alike', width: 12, cell: (row) => figure(row.stratified), numeric: true },
  { heading: 'lost', width: 12, cell: (row) => figure(row.drop), numeric: true },
  { heading: 'it alone', width: 6, cell: (row) => row.axisAlone.toFixed(3), numeric: true },
  {
    heading: 'AUC within each',
    width: 17,
    wraps: true,
    cell: ({ strata }) =>
      strata
        .slice(0, MOST_STRATA)
        .map(({ value, n, auc }) => `${value} ${figure(auc)}, n ${n}`)
        .join('; '),
  },
]

/** `too few` where there is no figure: never an empty cell that could be read as nothing wrong. */
function figure(of: EvaluationEstimate | null): string {
  return of === null ? 'too few' : formatInterval(of.value, of.low, of.high)
}

function share(of: EvaluationShare | null): string {
  return of === null ? 'too few' : `${formatInterval(of.value, of.low, of.high)}, n ${of.n}`
}
