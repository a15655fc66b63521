import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type FittedModel,
  gradientBoosting,
  linearRegression,
  multilayerPerceptron,
  type NewHeadTrainer,
  randomForest,
  rowsOf,
  type TrainingTable,
} from '@leadglass/cloud-hub/trainers'
import { InstallerError } from '../errors.ts'

const SCRIPT = join(import.meta.dirname, 'train-agreement.py')

/** One model, fitted here and by the peer on the same rows with the same options; answers are the mean over the seeds. */
export interface FitTask {
  readonly name: string
  readonly trainer: NewHeadTrainer
  readonly options: Readonly<Record<string, unknown>>
  readonly balanced: boolean
  readonly seeds: readonly number[]
}

/** A calibration of given scores, one a row, on the rows of fold 0. */
export interface CalibrateTask {
  readonly name: string
  readonly trainer: 'calibrate'
  readonly method: 'sigmoid' | 'isotonic'
}

/** Probabilities by the name of the task; 0 for rows of no listed fold. */
export type Answers = Readonly<Record<string, Float64Array>>

/** Rows, the fold of each, and the folds that are predicted. */
export interface Folded {
  readonly table: TrainingTable
  readonly foldOf: Uint8Array
  readonly folds: readonly number[]
}

/** What the trainers answer. */
export function ourAnswers({ table, foldOf, folds }: Folded, tasks: readonly FitTask[]): Answers {
  const all = Array.from({ length: table.rows }, (_, row) => row)
  const answers: Record<string, Float64Array> = {}
  for (const task of tasks) {
    const answer = new Float64Array(table.rows)
    for (const fold of folds) {
      const inside = rowsOf(
        table,
        all.filter((row) => foldOf[row] !== fold),
      )
      const outside = all.filter((row) => foldOf[row] === fold)
      const { values, columns } = rowsOf(table, outside)
      for (const seed of task.seeds) {
        const given = fitOf(task, inside, seed).predict(values, columns)
        for (const [at, row] of outside.entries()) {
          answer[row] = (answer[row] ?? 0) + (given[at] ?? Number.NaN) / task.seeds.length
        }
      }
    }
    answers[task.name] = answer
  }
  return answers
}

function fitOf({ trainer, options, balanced }: FitTask, table: TrainingTable, seed: number): FittedModel {
  const told = { ...options, classWeights: balanced ? ('balanced' as const) : ('none' as const) }
  switch (trainer) {
    case 'linear':
      return linearRegression.fit(table, told, seed)
    case 'multilayer-perceptron':
      return multilayerPerceptron.fit(table, told, seed)
    case 'gradient-boosting':
      return gradientBoosting.fit(table, told, seed)
    case 'random-forest':
      return randomForest.fit(table, told, seed)
  }
}

/**
 * What the peers answer, in a Python process of their own.
 * @param scores of a calibration, one a row.
 * @throws {InstallerError} `process-failed` with the end of what the process said.
 */
export async function peerAnswers(
  python: string,
  { table, foldOf, folds }: Folded,
  tasks: readonly (FitTask | CalibrateTask)[],
  scores: Float64Array = new Float64Array(),
): Promise<Answers> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-train-agreement-'))
  try {
    await writeFile(join(folder, 'job.json'), JSON.stringify({ columns: table.columns, folds, tasks }))
    await writeFile(join(folder, 'values.f32'), new Uint8Array(table.values.buffer))
    await writeFile(join(folder, 'labels.u8'), table.labels)
    await writeFile(join(folder, 'folds.u8'), foldOf)
    await writeFile(join(folder, 'scores.f64'), new Uint8Array(scores.buffer))
    await run(python, [SCRIPT, folder])
    const answers: Record<string, Float64Array> = {}
    for (const { name } of tasks) {
      const bytes = await readFile(join(folder, `${name}.f64`))
      answers[name] = Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i))
    }
    return answers
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString('utf8')).slice(-2000)
  })
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  if (status === 0) return
  throw new InstallerError('process-failed', {
    message: `the Python peers ended with status ${status}: ${said}`,
    effect: 'there is nothing to compare with',
    nextStep: 'run installer/bench/train-agreement.py by hand to see why',
  })
}
