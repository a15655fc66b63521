import { type EvaluationDocument, type EvaluationView, evaluationView } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface EvaluationOptions {
  readonly data: string
  readonly json: boolean
  readonly run?: string
  readonly model: string
}

/** `leadglass evaluation`: how good a version is, for whom, and which gates it met. */
export function registerEvaluation(program: Command): void {
  const command = program
    .command('evaluation')
    .description(
      'how a trained version did on patients it had not seen: figures, subgroups, shortcuts, comparison, gates',
    )
    .argument('[version]', 'version of the model, such as 1.1.0')
    .option('--model <name>', 'model package', 'chest-radiograph')
    .option('--run <run>', 'a training run, instead of a version')
  withJson(withData(command)).action(async (version: string | undefined, options: EvaluationOptions) => {
    const path = pathOf(version, options)
    if (path === undefined) return command.error('error: name a version, or a run with --run')
    const client = await InstanceClient.open(options.data)
    const view = await client.request({ service: 'hub', method: 'GET', path, schema: evaluationView })
    print(options.json, view, () => presentEvaluation(view))
  })
}

function pathOf(version: string | undefined, { run, model }: EvaluationOptions): string | undefined {
  if ((run === undefined) === (version === undefined)) return undefined
  return run === undefined
    ? `/api/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version ?? '')}/evaluation`
    : `/api/training-runs/${encodeURIComponent(run)}/evaluation`
}

/** In words and tables; figures without cases are not shown. */
export function presentEvaluation({ finding, evaluation, gates, gatesDeclaredBy }: EvaluationView): string {
  const judged = renderTable(
    ['gate', 'wanted', 'measured', 'cases', 'outcome'],
    gates.map(({ name, wanted, value, cases, outcome, detail }) => [
      name,
      detail === null ? wanted : `${wanted} (${detail})`,
      value === null ? null : shown(value),
      cases,
      outcome,
    ]),
  )
  const declared = gatesDeclaredBy === 'package' ? 'declared by the package' : 'the package declares none: defaults'
  const verdicts = gates.length === 0 ? [] : ['', `Gates (${declared}):`, judged]
  if (evaluation === null) return ['There is no evaluation of this version by this hub.', ...verdicts].join('\n')
  const { n, patients, positives, negatives } = evaluation.cases
  return [
    `${finding ?? 'score'}: ${n} studies of ${patients} patients, ${positives} positive, ${negatives} negative.`,
    '',
    wholeTable(evaluation),
    '',
    groupTable(evaluation),
    '',
    ...evaluation.shortcuts.map(shortcutLine),
    ...verdicts,
  ].join('\n')
}

type Estimate = { readonly value: number; readonly low: number; readonly high: number } | null

function wholeTable({ candidate, running, comparison }: EvaluationDocument): string {
  const compared = comparison?.points ?? []
  const rows: [string, Estimate, Estimate, Estimate][] = [
    ['auc', candidate.auc, running?.auc ?? null, comparison?.auc ?? null],
    [
      'average precision',
      candidate.averagePrecision,
      running?.averagePrecision ?? null,
      comparison?.averagePrecision ?? null,
    ],
    ['brier', candidate.brier, running?.brier ?? null, comparison?.brier ?? null],
    ['calibration slope', candidate.calibration.slope, running?.calibration.slope ?? null, null],
    ...candidate.points.flatMap((point, place): [string, Estimate, Estimate, Estimate][] => {
      const theirs = running?.points[place]
      const difference = compared[place]
      return [
        [
          `sensitivity at ${point.name}`,
          point.sensitivity,
          theirs?.sensitivity ?? null,
          difference?.sensitivity ?? null,
        ],
        [
          `specificity at ${point.name}`,
          point.specificity,
          theirs?.specificity ?? null,
          difference?.specificity ?? null,
        ],
      ]
    }),
  ]
  return renderTable(
    ['figure (95 % interval)', 'this version', 'running version', 'difference'],
    rows.map(([name, ...figures]) => [name, ...figures.map(interval)]),
  )
}

function groupTable({ subgroups }: EvaluationDocument): string {
  return renderTable(
    ['subgroup', 'studies', 'auc', 'less all others', 'sensitivity', 'specificity'],
    subgroups.map(({ by, value, n, figures, lessRest }) => [
      `${by} ${value}`,
      n,
      figures.auc === null ? 'too few' : interval(figures.auc),
      interval(lessRest.auc),
      interval(figures.sensitivity),
      interval(figures.specificity),
    ]),
  )
}

const VERDICTS = {
  suspected: 'SUSPECTED: part of the figure comes from telling how the picture was taken',
  'not-seen': 'not seen',
  'too-few': 'too few cases to say',
} as const

function shortcutLine({
  by,
  verdict,
  overall,
  stratified,
  axisAlone,
}: EvaluationDocument['shortcuts'][number]): string {
  const within = stratified === null ? '' : `, ${interval(stratified)} among cases of the same ${by}`
  return `Shortcut by ${by}: ${VERDICTS[verdict]}. AUC ${interval(overall)}${within}; the ${by} alone gives ${shown(axisAlone)}.`
}

function interval(of: Estimate): string | null {
  return of === null ? null : `${shown(of.value)} (${shown(of.low)} to ${shown(of.high)})`
}

function shown(value: number): string {
  return value.toFixed(3)
}
