export { calibrate } from './calibration/calibrate.ts'
export type { CalibrationMethod } from './calibration/calibration.ts'
export {
  type GivenOptions,
  NEW_HEAD_TRAINERS,
  type NewHeadChoice,
  type NewHeadTrainer,
  type TrainerChoice,
  type TrainerRecord,
  trainerChoice,
  trainerRecord,
} from './choice.ts'
export { type TrainerCode, TrainerError } from './errors.ts'
export { type ChosenFit, fitChosen } from './fit-chosen.ts'
export { linearRegression, type RegressionOptions } from './linear/regression.ts'
export { multilayerPerceptron, type PerceptronOptions } from './network/perceptron.ts'
export { evaluateGraph } from './onnx/evaluate-graph.ts'
export { assertExportParity, type ExportParity, exportParity } from './onnx/export-parity.ts'
export { INPUT as GRAPH_INPUT, OUTPUT as GRAPH_OUTPUT } from './onnx/graph-writer.ts'
export { type Parts, rowsOf, splitByGroup, type TableContent, type TrainingTable, trainingTable } from './table.ts'
export type { FitHistory, FittedModel, Trainer } from './trainer.ts'
export { type BoostingOptions, gradientBoosting } from './tree/boosting.ts'
export { type ForestOptions, randomForest } from './tree/forest.ts'
