import { InferenceSession, Tensor } from 'onnxruntime-node'
import { PARITY_LIMIT } from '../../parity.ts'
import { TrainerError } from '../errors.ts'
import type { FittedModel } from '../trainer.ts'
import { INPUT, OUTPUT } from './graph-writer.ts'

/** How far an exported graph is from its trainer. */
export interface ExportParity {
  readonly rows: number
  /** Largest absolute difference of a probability; infinite when one is not a number or is missing. */
  readonly maximumDeviation: number
  /** Whether the deviation is within PARITY_LIMIT (1e-6). */
  readonly holds: boolean
}

/**
 * Runs the exported graph in ONNX Runtime on the rows and compares it with the trainer, probability by probability.
 * @param rows `n * model.columns` values, NaN where missing.
 * @throws {TrainerError} `rows-invalid` when there is nothing to compare.
 */
export async function exportParity(
  model: Pick<FittedModel, 'columns' | 'outputs' | 'predict'>,
  onnx: Uint8Array,
  rows: Float32Array,
): Promise<ExportParity> {
  const expected = model.predict(rows, model.columns)
  const count = expected.length / model.outputs
  if (count === 0) throw new TrainerError('rows-invalid', 'there are no rows to compare on')
  const session = await InferenceSession.create(onnx, { logSeverityLevel: 3, intraOpNumThreads: 1 })
  try {
    const answer = await session.run({ [INPUT]: new Tensor('float32', rows, [count, model.columns]) })
    const given = answer[OUTPUT]?.data as Float32Array | undefined
    const maximumDeviation = given?.length === expected.length ? largestDifference(expected, given) : Infinity
    return { rows: count, maximumDeviation, holds: maximumDeviation <= PARITY_LIMIT }
  } finally {
    await session.release()
  }
}

/** The release gate. @throws {TrainerError} `export-differs` when the graph is not the trainer's. */
export async function assertExportParity(
  model: Pick<FittedModel, 'columns' | 'outputs' | 'predict'>,
  onnx: Uint8Array,
  rows: Float32Array,
): Promise<ExportParity> {
  const parity = await exportParity(model, onnx, rows)
  if (parity.holds) return parity
  const deviation = parity.maximumDeviation.toExponential(2)
  throw new TrainerError('export-differs', `the exported graph differs from the trainer by ${deviation}`)
}

function largestDifference(expected: Float64Array, given: Float32Array): number {
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((expected[i] as number) - (given[i] as number))
    // A value that is not a number is a difference without bound.
    if (Number.isNaN(difference)) return Infinity
    if (difference > largest) largest = difference
  }
  return largest
}
