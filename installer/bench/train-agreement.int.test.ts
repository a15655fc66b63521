import { readFile } from 'node:fs/promises'
import { auc } from '@leadglass/cloud-hub/statistics'
import { calibrate, gradientBoosting, rowsOf, splitByGroup, type TrainingTable } from '@leadglass/cloud-hub/trainers'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../testing/peers.ts'
import { pythonWith } from './python-peer.ts'
import { readmissionTable } from './readmission-table.ts'
import { nihEmbeddings } from './testing/train-embeddings.ts'
import { type Answers, type FitTask, type Folded, ourAnswers, peerAnswers } from './train-agreement.ts'
import { zipEntry } from './zip-entry.ts'

const ARCHIVE = sharedData('tabular/uci_diabetes130_dataset.zip')
const RADIOGRAPHS = sharedData('cxr-nih')
const python = pythonWith(['sklearn', 'xgboost'])
const NEEDS = 'needs the shared data and a Python with sklearn and xgboost, LEADGLASS_PEER_PYTHON'

/** Areas of both on the rows of the listed folds. */
function areas(answers: Answers, name: string, { table, foldOf, folds }: Folded): number {
  const rows = [...foldOf.keys()].filter((row) => folds.includes(foldOf[row] ?? -1))
  return auc(
    rows.map((row) => answers[name]?.[row] ?? Number.NaN),
    rows.map((row) => table.labels[row] ?? 0),
  )
}

/** Whole groups in turn to `count` folds. */
function foldsOf(table: TrainingTable, count: number): Uint8Array {
  const groups = new Map([...new Set(table.groups)].map((group, i) => [group, i % count]))
  return Uint8Array.from(table.groups, (group) => groups.get(group) ?? 0)
}

/** Expected calibration error on ten bins of equal width. */
function calibrationError(probabilities: Float64Array, labels: Uint8Array): number {
  const bins = Array.from({ length: 10 }, () => ({ rows: 0, given: 0, seen: 0 }))
  for (const [row, probability] of probabilities.entries()) {
    const bin = bins[Math.min(9, Math.floor(probability * 10))]
    if (bin === undefined) continue
    bin.rows += 1
    bin.given += probability
    bin.seen += labels[row] ?? 0
  }
  return bins.reduce((sum, { given, seen }) => sum + Math.abs(given - seen), 0) / probabilities.length
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
}

describe.skipIf(RADIOGRAPHS === undefined || python === undefined)(`on embeddings of radiographs (${NEEDS})`, () => {
  const tasks: readonly FitTask[] = [
    { name: 'linear', trainer: 'linear', options: { strength: 100 }, balanced: false, seeds: [1] },
    {
      name: 'network',
      trainer: 'multilayer-perceptron',
      options: { hidden: [16], epochs: 30, batch: 32, learningRate: 0.001, decay: 1e-4 },
      balanced: false,
      seeds: [1, 2, 3, 4],
    },
    {
      name: 'boosting',
      trainer: 'gradient-boosting',
      options: { rounds: 100, learningRate: 0.05, maximumDepth: 2, minimumChildWeight: 2, lambda: 1 },
      balanced: false,
      seeds: [1],
    },
    {
      name: 'forest',
      trainer: 'random-forest',
      options: { trees: 400, maximumDepth: 8, minimumLeafWeight: 5 },
      balanced: false,
      seeds: [1, 2, 3],
    },
  ]
  let folded: Folded
  let ours: Answers
  let theirs: Answers
  beforeAll(async () => {
    const table = await nihEmbeddings(RADIOGRAPHS ?? '')
    folded = { table, foldOf: foldsOf(table, 5), folds: [0, 1, 2, 3, 4] }
    ours = ourAnswers(folded, tasks)
    theirs = await peerAnswers(python ?? '', folded, tasks)
  }, 240_000)

  it.each(tasks.map(({ name }) => name))("%s: the area is the peer's", (name) => {
    const [our, their] = [areas(ours, name, folded), areas(theirs, name, folded)]
    console.info(`NIH embeddings, ${name}: AUC ${our.toFixed(4)}, peer ${their.toFixed(4)}`)
    expect(our).toBeGreaterThan(0.6)
    expect(Math.abs(our - their)).toBeLessThanOrEqual(0.01)
  })
})

describe.skipIf(ARCHIVE === undefined || python === undefined)(`on readmissions (${NEEDS})`, () => {
  const shared = { balanced: true, seeds: [1, 2] } as const
  const tasks: readonly FitTask[] = [
    { ...shared, name: 'linear', trainer: 'linear', options: { strength: 1 }, seeds: [1] },
    {
      ...shared,
      name: 'network',
      trainer: 'multilayer-perceptron',
      options: { hidden: [16], epochs: 6, batch: 128, learningRate: 0.001, decay: 1e-4 },
      seeds: [1, 2, 3],
    },
    {
      ...shared,
      name: 'boosting',
      trainer: 'gradient-boosting',
      options: { rounds: 80, learningRate: 0.1, maximumDepth: 4, minimumChildWeight: 5, lambda: 1 },
      seeds: [1],
    },
    {
      ...shared,
      name: 'forest',
      trainer: 'random-forest',
      options: { trees: 100, maximumDepth: 10, minimumLeafWeight: 5 },
    },
  ]
  let folded: Folded
  let ours: Answers
  let theirs: Answers
  beforeAll(async () => {
    const csv = zipEntry(await readFile(ARCHIVE ?? ''), 'dataset_diabetes/diabetic_data.csv').toString('latin1')
    const all = readmissionTable(csv)
    const { validation: table } = splitByGroup(all, 0.18, 7)
    folded = { table, foldOf: foldsOf(table, 2), folds: [0] }
    ours = ourAnswers(folded, tasks)
    theirs = await peerAnswers(python ?? '', folded, tasks)
  }, 240_000)

  it.each(tasks.map(({ name }) => name))(
    '%s: missing values and class weights are treated as the peer treats them',
    (name) => {
      const [our, their] = [areas(ours, name, folded), areas(theirs, name, folded)]
      console.info(`readmissions, ${name}: AUC ${our.toFixed(4)}, peer ${their.toFixed(4)}`)
      expect(our).toBeGreaterThan(0.6)
      expect(Math.abs(our - their)).toBeLessThanOrEqual(0.01)
      // Without the weights the mean probability would be the share of readmissions, 0.11, and not near a half.
      const level = (answers: Answers): number =>
        mean((answers[name] ?? new Float64Array()).filter((_, row) => folded.foldOf[row] === 0))
      expect(Math.abs(level(ours) - level(theirs))).toBeLessThan(0.02)
      expect(level(ours)).toBeGreaterThan(0.3)
    },
  )

  it.each([
    ['platt', 'sigmoid'],
    ['isotonic', 'isotonic'],
  ] as const)(
    "%s calibration is scikit-learn's",
    async (method, theirMethod) => {
      const { table, foldOf } = folded
      const rowsOfFold = (fold: number): TrainingTable =>
        rowsOf(
          table,
          [...foldOf.keys()].filter((row) => foldOf[row] === fold),
        )
      const [held, fit] = [rowsOfFold(0), rowsOfFold(1)]
      const model = gradientBoosting.fit(fit, { rounds: 60, maximumDepth: 4, classWeights: 'balanced' }, 1)
      const scores = model.scores(held.values, held.columns)
      // Calibrated on one half of the rows that the model has not seen, judged on the other.
      const half = foldsOf(held, 2)
      const ours = calibrate(
        model,
        rowsOf(
          held,
          [...half.keys()].filter((row) => half[row] === 0),
        ),
        method,
      ).predict(held.values, held.columns)
      const task = { name: 'calibrated', trainer: 'calibrate', method: theirMethod } as const
      const { calibrated: theirs = new Float64Array() } = await peerAnswers(
        python ?? '',
        { table: held, foldOf: half, folds: [0] },
        [task],
        scores,
      )
      const judged = (values: Float64Array): Float64Array => values.filter((_, row) => half[row] === 1)
      const labels = held.labels.filter((_, row) => half[row] === 1)
      const [our, their] = [calibrationError(judged(ours), labels), calibrationError(judged(theirs), labels)]
      console.info(`readmissions, ${method}: calibration error ${our.toFixed(4)}, scikit-learn ${their.toFixed(4)}`)
      expect(Math.abs(our - their)).toBeLessThanOrEqual(0.005)
      const apart = judged(ours).map((value, i) => Math.abs(value - (judged(theirs)[i] ?? Number.NaN)))
      expect(mean(apart)).toBeLessThan(method === 'platt' ? 0.001 : 0.01)
      // The model itself, fitted with class weights, is far from calibrated.
      expect(calibrationError(judged(model.predict(held.values, held.columns)), labels)).toBeGreaterThan(10 * our)
    },
    60_000,
  )
})
