import type { FairnessView, PerformanceChunk, PerformanceView } from '../contract/hub-api.ts'
import type { Tone } from '../shared/state-mark.tsx'

/** What every reader of an estimate has to know. */
export const ASSUMPTIONS: readonly string[] = [
  'An estimate holds as long as a score means what it meant in the reference. If the disease, the readers or the population change so that the same score is right less often (concept drift), estimates stay as they were: only labels show it.',
  'It holds for scores that the reference has seen. The share of scores outside of it is shown; there the estimate has no ground.',
  'One calibration serves all sites: where the finding is rarer or more frequent for reasons that the image does not show, a site’s estimate is off.',
  'Times are those at which the hub got a study: a box that was away sends late.',
  'Measured figures are of the studies that somebody labelled, blinded. Those are seldom drawn at random: compare their share of positive scores with that of all.',
]

/** Why there is no estimate. */
export const STATE_WORDS: Readonly<Record<PerformanceView['state'], string>> = {
  estimated: 'estimated',
  'from-counts': 'bounds from counts',
  'no-reference': 'no reference yet: 300 blinded labels needed, 30 of each class',
  'too-few-cases': 'reference has too few cases',
  'too-few-positives': 'reference has too few positive cases',
  'too-few-negatives': 'reference has too few negative cases',
  'scores-not-finite': 'reference has scores that are no numbers',
}

/** One figure of one view, as it is in the newest chunk that can be judged. */
export interface FigureRow {
  readonly view: PerformanceView
  readonly metric: string
  readonly newest: PerformanceChunk | undefined
}

/** A row for each figure; a view without an estimate has one row that says why. */
export function figureRows(views: readonly PerformanceView[]): FigureRow[] {
  return views.flatMap((view) => {
    const chunks = view.chunkings.find((one) => one.chunking === 'count')?.chunks ?? []
    const newest = chunks.filter((one) => one.judged).at(-1) ?? chunks.at(-1)
    const metrics = newest?.figures.map((one) => one.metric) ?? ['–']
    return metrics.map((metric) => ({ view, metric, newest }))
  })
}

/** One gap of one dimension of one version. */
export interface GapRow {
  readonly view: FairnessView
  readonly dimension: FairnessView['dimensions'][number]
  readonly gap: FairnessView['dimensions'][number]['disparities'][number]
}

/** Gaps that have a limit; those beyond it first. */
export function gapRows(views: readonly FairnessView[]): GapRow[] {
  const order: readonly string[] = ['beyond', 'watch', 'within', 'too-few']
  return views
    .flatMap((view) =>
      view.dimensions.flatMap((dimension) =>
        dimension.disparities.filter((gap) => gap.limit !== null).map((gap) => ({ view, dimension, gap })),
      ),
    )
    .sort((a, b) => order.indexOf(a.gap.verdict) - order.indexOf(b.gap.verdict))
}

export const GAP_TONES: Readonly<Record<GapRow['gap']['verdict'], Tone>> = {
  beyond: 'refused',
  watch: 'attention',
  within: 'good',
  'too-few': 'waiting',
}

/** Three decimals, or a dash. */
export function decimals(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3)
}
