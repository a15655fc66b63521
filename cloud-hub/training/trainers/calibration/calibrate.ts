import { TrainerError } from '../errors.ts'
import { graphWriter } from '../onnx/graph-writer.ts'
import { assertEveryClass, type TrainingTable } from '../table.ts'
import type { FittedModel } from '../trainer.ts'
import type { CalibrationMethod } from './calibration.ts'
import { isotonicCalibration } from './isotonic.ts'
import { plattCalibration } from './platt.ts'

/**
 * Lays a calibration over a model of two classes, fitted on rows that the model was not fitted on.
 * @throws {TrainerError} `options-invalid` for more classes, `too-few-cases` when a class has no row.
 */
export function calibrate(model: FittedModel, table: TrainingTable, method: CalibrationMethod): FittedModel {
  if (model.classes !== 2) throw new TrainerError('options-invalid', 'only a model of two classes is calibrated')
  assertEveryClass(table)
  const scores = model.scores(table.values, table.columns)
  const calibration = method === 'platt' ? plattCalibration(scores, table) : isotonicCalibration(scores, table)
  return {
    ...model,
    predict: (rows, columns) => model.scores(rows, columns).map((score) => calibration.apply(score)),
    toOnnx() {
      const graph = graphWriter()
      return graph.finish(calibration.write(graph, model.writeScores(graph)), model.columns, model.outputs)
    },
  }
}
