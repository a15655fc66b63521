import type { StoredRow } from '../lake/index.ts'
import { designOf, patientKey, recalibrated } from './cases.ts'
import { chooseStrength, FOLDS } from './choose-strength.ts'
import type { OperatingPoint } from './evaluation/index.ts'
import { headProbability, type LinearHead, readHead, renameTensors, writeHead } from './head-graph.ts'
import { assertReplaceable, type HeadWiring } from './head-wiring.ts'
import { fitLogistic, sigmoid } from './math/logistic.ts'
import { joinedRows } from './parity.ts'
import type { TrainingReport } from './report.ts'
import {
  fitChosen,
  GRAPH_INPUT,
  GRAPH_OUTPUT,
  type NewHeadChoice,
  type TrainerChoice,
  type TrainingTable,
  trainingTable,
} from './trainers/index.ts'

/** A head that was fitted to the training part. */
export interface FittedHead {
  /** The trainer's own probability of each embedding, in double precision. */
  probabilities(embeddings: readonly Float32Array[]): ArrayLike<number>
  /** Of each row of the training part, the probability by models that were not fitted on its patient. */
  readonly outOfFold: ArrayLike<number>
  /** The operating point, where it was chosen with the head and not by this process; in thousandths. */
  readonly thresholdMilli?: number
  /** Further operating points, where they were chosen with the head. */
  readonly furtherPoints?: readonly Pick<OperatingPoint, 'name' | 'threshold' | 'runningThreshold'>[]
  /** The head as a graph with the inputs and outputs that the package's wiring names. */
  readonly graph: Uint8Array
  readonly chosen: Pick<TrainingReport, 'prior' | 'trainer'>
  /** What was chosen, for the log. */
  readonly said: string
}

/** Fits a head to rows. @param progress told the share done, 0 to 1. */
export type HeadFit = (rows: readonly StoredRow[], seed: string, progress: (share: number) => void) => FittedHead

/**
 * The way of fitting that a job asks for.
 * @param parentGraph the graph of the head to be replaced.
 * @throws {TrainingError} `head-not-linear` when the head is to be held around a parent that is not linear, or is to begin anew
 *   where its graph makes other scores too.
 */
export function headFitOf(choice: TrainerChoice | undefined, parentGraph: Uint8Array, wiring: HeadWiring): HeadFit {
  assertReplaceable(wiring, choice)
  if (choice !== undefined && choice.trainer !== 'parent-head') {
    return newHead({ ...choice, trainer: choice.trainer }, wiring)
  }
  return aroundParent(readHead(parentGraph), parentGraph)
}

/**
 * Logistic regression with a Gaussian prior around the parent's weights, recalibrated to these sites, on the parent's own
 * standardisation. The strength of the prior is chosen by repeated cross-validation.
 */
function aroundParent(parent: LinearHead, parentGraph: Uint8Array): HeadFit {
  return (rows, seed, progress) => {
    const chosen = chooseStrength(rows, parent, seed, progress)
    const design = designOf(rows, parent)
    const fitted = fitLogistic(design, recalibrated(design, parent), chosen.strength)
    const head: LinearHead = {
      mean: parent.mean,
      scale: parent.scale,
      weight: Float32Array.from(fitted.weight),
      bias: Math.fround(fitted.bias),
    }
    return {
      probabilities: (embeddings) => embeddings.map((embedding) => headProbability(head, embedding)),
      outOfFold: chosen.logits.map(sigmoid),
      graph: writeHead(parentGraph, head),
      chosen: { prior: { strength: chosen.strength, candidates: chosen.tried, folds: FOLDS } },
      said: `prior strength ${chosen.strength}`,
    }
  }
}

/** A head that begins anew, by one of the trainers on tables; an embedding is a row of its table. */
function newHead(choice: NewHeadChoice, wiring: HeadWiring): HeadFit {
  return (rows, seed, progress) => {
    const { model, outOfFold, record } = fitChosen(tableOf(rows), choice, seed, progress)
    return {
      probabilities: (embeddings) => model.predict(joinedRows(embeddings), model.columns),
      outOfFold,
      graph: renameTensors(model.toOnnx(), { [GRAPH_INPUT]: wiring.input, [GRAPH_OUTPUT]: wiring.output }),
      chosen: { trainer: record },
      said: `${record.name} ${JSON.stringify(record.options)}, calibration ${record.calibration}`,
    }
  }
}

/** Rows of a snapshot as a table whose groups are patients. */
export function tableOf(rows: readonly StoredRow[]): TrainingTable {
  const patients = new Map<string, number>()
  const groups = rows.map((row) => {
    const key = patientKey(row)
    const known = patients.get(key) ?? patients.size
    patients.set(key, known)
    return known
  })
  return trainingTable({
    columns: rows[0]?.embedding.length ?? 0,
    values: joinedRows(rows.map((row) => row.embedding)),
    labels: rows.map((row) => row.label),
    groups,
  })
}
