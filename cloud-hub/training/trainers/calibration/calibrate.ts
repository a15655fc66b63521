import { TrainerError } from '../errors.ts'
import { graphWriter } from '../onnx/graph-writer.ts'
import { assertEveryClass, type TrainingTable } from '../table.ts'
import type { FittedModel } from '../trainer.ts'
import type { Calibration, CalibrationMethod } from './calibration.ts'
import { isotonicCalibration } from './isotonic.ts'
import { plattCalibration } from './platt.ts'

/**
 * Lays a calibration over a model of two classes, fitted on rows that the model was not fitted on.
 * @throws {TrainerError} `options-invalid` for more classes, `too-few-cases` when a class has no row.
 */
export function calibrate(model: FittedModel, table: TrainingTable, method: CalibrationMethod): FittedModel {
  return withCalibration(model, calibrationOf(model.scores(table.values, table.columns), table, method))
}

/**
 * Fits a calibration to scores that models gave to rows they were not fitted on, such as those of the folds.
 * @param scores one a row of the table.
 * @throws {TrainerError} as `calibrate`.
 */
export function calibrationOf(scores: Float64Array, table: TrainingTable, method: CalibrationMethod): Calibration {
  if (table.classes !== 2) throw new TrainerError('options-invalid', 'only a model of two classes is calibrated')
  assertEveryClass(table)
  return method === 'platt' ? plattCalibration(scores, table) : isotonicCalibration(scores, table)
}

/** The model with a calibration between its scores and its probabilities, here and in its graph. */
export function withCalibration(model: FittedModel, calibration: Calibration): FittedModel {
  if (model.classes !== 2) throw new TrainerError('options-invalid', 'only a model of two classes is calibrated')
  return {
    ...model,
    predict: (rows, columns) => model.scores(rows, columns).map((score) => calibration.apply(score)),
    toOnnx() {
      const graph = graphWriter()
      return graph.finish(calibration.write(graph, model.writeScores(graph)), model.columns, model.outputs)
    },
  }
}
