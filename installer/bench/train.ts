import { readFile } from 'node:fs/promises'
import { auc } from '@leadglass/cloud-hub/statistics'
import {
  exportParity,
  type FittedModel,
  gradientBoosting,
  linearRegression,
  multilayerPerceptron,
  randomForest,
  rowsOf,
  splitByGroup,
  type TrainingTable,
} from '@leadglass/cloud-hub/trainers'
import { InstallerError } from '../errors.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { sharedData } from '../testing/peers.ts'
import { pythonWith } from './python-peer.ts'
import { readmissionTable } from './readmission-table.ts'
import { fitPeers, type PeerRound } from './train-peer.ts'
import { zipEntry } from './zip-entry.ts'

const DATA = 'tabular/uci_diabetes130_dataset.zip'
const ENTRY = 'dataset_diabetes/diabetic_data.csv'
const DEFAULT_ROWS = 50_000
const DEFAULT_RUNS = 3
const TEST_SHARE = 0.3
const PARITY_UNIT = 1e-6
const PEERS: Readonly<Record<string, string>> = {
  linear: 'scikit-learn LogisticRegression',
  'multilayer-perceptron': 'scikit-learn MLPClassifier',
  'gradient-boosting': 'xgboost hist',
  'random-forest': 'scikit-learn RandomForestClassifier',
}

/** Trees are to keep up with the peers'; the other peers multiply matrices in vector instructions that JavaScript has not. */
const WANTED_RATIO: Readonly<Record<string, '<= 4' | '<= 2.5' | '<= 1.25'>> = {
  'gradient-boosting': '<= 2.5',
  'random-forest': '<= 1.25',
}

/** Everything is said, so that the peers are told the same. */
const OPTIONS = {
  linear: { strength: 1, maximumIterations: 200 },
  'multilayer-perceptron': { hidden: [32], epochs: 10, batch: 128, learningRate: 0.001 },
  'gradient-boosting': {
    rounds: 200,
    learningRate: 0.05,
    maximumDepth: 5,
    minimumChildWeight: 5,
    lambda: 1,
    subsample: 0.8,
    columnSample: 0.8,
  },
  'random-forest': { trees: 200, maximumDepth: 16, minimumLeafWeight: 5 },
}

/**
 * The trainers on the UCI data set of 130 hospitals (readmission within 30 days, patients of the test part unseen), each
 * beside the Python library that people would take, on the same rows and one thread, in turn within one run.
 */
export const trainBench: Harness = {
  name: 'train',
  summary: 'fit, AUC and ONNX parity of the trainers against scikit-learn and xgboost',
  run: benchTrain,
}

interface Fitted {
  readonly name: string
  /** By the clock on the wall. */
  readonly seconds: number[]
  /** Of the processor: what is compared, because a busy machine stretches the other. */
  readonly processor: number[]
  readonly area: number
  readonly deviation: number
  /** Rows a second through the fitted model, by the clock of the processor. */
  readonly rate: number
  /** Of the exported graph. */
  readonly bytes: number
}

async function benchTrain(options: HarnessOptions): Promise<HarnessReport> {
  options.progress.step('reading the data set')
  const table = readmissionTable(await readCsv())
  const { fit: others, validation: test } = splitByGroup(table, TEST_SHARE, options.seed)
  const rows = Math.min(options.size ?? DEFAULT_ROWS, others.rows)
  const fit = rowsOf(
    others,
    Array.from({ length: rows }, (_, i) => i),
  )
  const python = pythonWith(['sklearn', 'xgboost'])
  if (python === undefined) options.progress.step('skipped: no Python with sklearn and xgboost (LEADGLASS_PEER_PYTHON)')
  const runs = options.runs ?? DEFAULT_RUNS
  const fitted = new Map<string, Fitted>()
  const peers: PeerRound[] = []
  for (let run = 0; run < runs; run++) {
    for (const name of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]) {
      options.progress.step(`run ${run + 1} of ${runs}: ${name}`)
      const started = performance.now()
      const before = process.cpuUsage()
      const model = fitOne(name, fit, options.seed)
      const seconds = (performance.now() - started) / 1000
      const { user, system } = process.cpuUsage(before)
      const known = fitted.get(name) ?? { name, seconds: [], processor: [], ...(await measure(model, test)) }
      known.seconds.push(seconds)
      known.processor.push((user + system) / 1e6)
      fitted.set(name, known)
    }
    if (python === undefined) continue
    options.progress.step(`run ${run + 1} of ${runs}: the Python peers`)
    peers.push(await fitPeers(python, OPTIONS, fit, test, options.seed))
  }
  return report([...fitted.values()], peers, fit, test, runs)
}

function fitOne(name: keyof typeof OPTIONS, table: TrainingTable, seed: number): FittedModel {
  switch (name) {
    case 'linear':
      return linearRegression.fit(table, OPTIONS[name], seed)
    case 'multilayer-perceptron':
      return multilayerPerceptron.fit(table, OPTIONS[name], seed)
    case 'gradient-boosting':
      return gradientBoosting.fit(table, OPTIONS[name], seed)
    case 'random-forest':
      return randomForest.fit(table, OPTIONS[name], seed)
  }
}

async function measure(
  model: FittedModel,
  test: TrainingTable,
): Promise<Omit<Fitted, 'name' | 'seconds' | 'processor'>> {
  const graph = model.toOnnx()
  const { maximumDeviation } = await exportParity(model, graph, test.values)
  const before = process.cpuUsage()
  const probabilities = model.predict(test.values, test.columns)
  const { user, system } = process.cpuUsage(before)
  const rate = test.rows / ((user + system) / 1e6)
  return { area: areaOf(probabilities, test), deviation: maximumDeviation, rate, bytes: graph.length }
}

function areaOf(probabilities: Float64Array, test: TrainingTable): number {
  return auc([...probabilities], [...test.labels])
}

async function readCsv(): Promise<string> {
  const path = sharedData(DATA)
  if (path !== undefined) return zipEntry(await readFile(path), ENTRY).toString('latin1')
  throw new InstallerError('file-not-found', {
    message: `the data set ${DATA} is missing`,
    effect: 'there is nothing to train on',
    nextStep: 'put the UCI archive "Diabetes 130-US hospitals" (DOI 10.24432/C5230J) into shared/data/tabular',
  })
}

function report(
  fitted: readonly Fitted[],
  peers: readonly PeerRound[],
  fit: TrainingTable,
  test: TrainingTable,
  runs: number,
): HarnessReport {
  const lines = fitted.map(({ name, seconds, processor, ...measured }) => {
    const probabilities = peers[0]?.probabilities[name]
    const peer =
      probabilities === undefined
        ? undefined
        : {
            seconds: median(peers.map((round) => round.seconds[name] ?? Number.NaN)),
            area: areaOf(probabilities, test),
          }
    return { name, seconds: median(seconds), processor: median(processor), ...measured, peer }
  })
  return {
    name: 'train',
    machine: describeMachine(),
    runs,
    results: lines.map(({ name, seconds, processor, area, deviation, rate, bytes, peer }) => ({
      trainer: name,
      rows: fit.rows,
      columns: fit.columns,
      'test rows': test.rows,
      seconds,
      'processor seconds': processor,
      AUC: area,
      'parity deviation': deviation.toExponential(1),
      'predicted rows a second': Math.round(rate),
      'ONNX bytes': bytes,
      peer: peer === undefined ? 'skipped: no Python with sklearn and xgboost' : peerName(name, peers[0]),
      'peer processor seconds': peer?.seconds ?? null,
      'peer AUC': peer?.area ?? null,
    })),
    ratios: lines.flatMap(({ name, processor, peer }) =>
      peer === undefined
        ? []
        : [
            judge(
              `${name}: processor seconds leadglass / peer`,
              processor / peer.seconds,
              WANTED_RATIO[name] ?? '<= 4',
            ),
          ],
    ),
    checks: lines.flatMap(({ name, seconds, area, deviation, peer }) => [
      judge(`${name}: seconds for ${fit.rows} rows`, seconds, '<= 60'),
      judge(`${name}: parity deviation in units of 1e-6`, deviation / PARITY_UNIT, '<= 1'),
      ...(peer === undefined ? [] : [judge(`${name}: AUC apart from the peer`, Math.abs(area - peer.area), '<= 0.01')]),
    ]),
  }
}

function peerName(name: string, round: PeerRound | undefined): string {
  const text = PEERS[name] ?? name
  const version = round?.versions[text.split(' ')[0] ?? '']
  return version === undefined ? text : text.replace(' ', ` ${version} `)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
