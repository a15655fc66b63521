import { join, resolve } from 'node:path'
import { aucWithInterval } from '@leadglass/cloud-hub/statistics'
import { linearRegression, trainingTable } from '@leadglass/cloud-hub/trainers'
import { describeMachine } from '../../harness/machine.ts'
import type { HarnessReport } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { type Radiograph, readDataSet } from '../../rehearse/data-set.ts'
import { Dice } from '../score/dice.ts'
import { embeddingsOf } from './embeddings.ts'
import { identify } from './identification.ts'
import { AS_SYNCED, type Chance, type Mitigation, noised, projected, quantised } from './mitigations.ts'

const PACKAGE = resolve(import.meta.dirname, '..', '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

/** Ridge strength of the head that measures what the vectors are still worth. */
const STRENGTH = 30

type Row = HarnessReport['results'][number]

/**
 * How often a patient can be found again by the embeddings that leave, among follow-up radiographs, and what each way to
 * blur them costs in use. A figure to publish, not a goal: the risk is what it is.
 * @param dataSet folder with `index.csv` and `png256/`.
 */
export function reidentification(dataSet: string): Harness {
  return {
    name: 'reidentification',
    summary: 'how often a patient is found again by the synced embeddings alone, and what blurring them costs',
    run: (options) => measure(dataSet, options),
  }
}

async function measure(dataSet: string, { progress, seed }: HarnessOptions): Promise<HarnessReport> {
  const radiographs = await readDataSet(resolve(dataSet))
  progress.step(`scoring ${radiographs.length} radiographs`)
  const vectors = await embeddingsOf(radiographs, join(PACKAGE))
  progress.step('looking for the same patients')
  const results = mitigations(seed).map((mitigation) => row(mitigation, radiographs, vectors))
  return { name: 'reidentification', machine: describeMachine(), runs: 1, results, checks: [] }
}

function mitigations(seed: number): readonly Mitigation[] {
  const chance = (name: string): Chance => {
    const dice = new Dice(`reidentification/${seed}/${name}`)
    return () => dice.below(2 ** 30) / 2 ** 30
  }
  return [
    AS_SYNCED,
    ...[8, 4, 2, 1].map(quantised),
    ...[64, 32, 16, 8, 4].map((dimensions) => projected(dimensions, chance(`projection ${dimensions}`))),
    ...[0.25, 0.5, 1, 2].map((deviations) => noised(deviations, chance(`noise ${deviations}`))),
  ]
}

function row(mitigation: Mitigation, radiographs: readonly Radiograph[], vectors: readonly Float64Array[]): Row {
  const blurred = mitigation.apply(vectors)
  const specimens = blurred.map((values, index) => ({ patient: radiographs[index]?.patient ?? '', values }))
  const found = identify(specimens)
  const use = headAuc(radiographs, blurred)
  return {
    vectors: mitigation.name,
    images: radiographs.length,
    patients: new Set(radiographs.map(({ patient }) => patient)).size,
    queries: found.queries,
    'found first, percent': percent(found.rank1, found.queries),
    'found in five, percent': percent(found.rank5, found.queries),
    'guessed first, percent': percent(found.guessed, found.queries),
    'same-patient AUC': rounded(found.pairAuc),
    'head AUC on unseen patients': rounded(use.auc),
    'head AUC interval': `${rounded(use.low)} to ${rounded(use.high)}`,
  }
}

/** A head trained on the site's patients and judged on patients it never saw, on the vectors as they would leave. */
function headAuc(
  radiographs: readonly Radiograph[],
  vectors: readonly Float64Array[],
): { auc: number; low: number; high: number } {
  const columns = vectors[0]?.length ?? 0
  const part = (split: Radiograph['split']): number[] =>
    radiographs.flatMap((radiograph, index) => (radiograph.split === split ? [index] : []))
  const [site, test] = [part('site'), part('test')]
  const values = (rows: readonly number[]): number[] => rows.flatMap((index) => [...(vectors[index] ?? [])])
  const labels = (rows: readonly number[]): number[] => rows.map((index) => (radiographs[index]?.pneumonia ? 1 : 0))
  const table = trainingTable({ columns, values: values(site), labels: labels(site) })
  const head = linearRegression.fit(table, { strength: STRENGTH }, 1)
  const scores = [...head.predict(Float32Array.from(values(test)), columns)]
  const patients = test.map((index) => radiographs[index]?.patient ?? '')
  const interval = aucWithInterval(scores, labels(test), patients)
  return { auc: interval.value, low: interval.low, high: interval.high }
}

function percent(count: number, total: number): number {
  return total === 0 ? 0 : rounded((100 * count) / total)
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
