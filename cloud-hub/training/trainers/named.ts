import type { GivenOptions, NewHeadChoice, NewHeadTrainer } from './choice.ts'
import { linearRegression } from './linear/regression.ts'
import { multilayerPerceptron } from './network/perceptron.ts'
import type { TrainingTable } from './table.ts'
import type { FittedModel } from './trainer.ts'
import { gradientBoosting } from './tree/boosting.ts'
import { randomForest } from './tree/forest.ts'

const STOP_EARLY = { validationShare: 0.15, patience: 15 }

/**
 * What is tried of each trainer, from the plainest model to the freest: at most four, so that a search ends in a time that
 * can be foreseen. What repeats ends early, on patients of its own.
 */
const GRIDS: Readonly<Record<NewHeadTrainer, readonly GivenOptions[]>> = {
  linear: [{ strength: 1000 }, { strength: 100 }, { strength: 10 }, { strength: 1 }],
  'multilayer-perceptron': [
    { hidden: [8], decay: 0.1, epochs: 60, earlyStopping: STOP_EARLY },
    { hidden: [16], decay: 0.01, epochs: 60, earlyStopping: STOP_EARLY },
    { hidden: [32], decay: 0.001, epochs: 60, earlyStopping: STOP_EARLY },
  ],
  'gradient-boosting': [2, 3, 5].map((maximumDepth) => ({
    maximumDepth,
    rounds: 400,
    learningRate: 0.05,
    minimumChildWeight: 5,
    subsample: 0.8,
    columnSample: 0.8,
    earlyStopping: STOP_EARLY,
  })),
  'random-forest': [
    { maximumDepth: 6, minimumLeafWeight: 20 },
    { maximumDepth: 10, minimumLeafWeight: 10 },
    { maximumDepth: 16, minimumLeafWeight: 5 },
  ],
}

/** The options to be compared: those of the grid under those that were given, each once. */
export function candidatesOf({ trainer, options }: Pick<NewHeadChoice, 'trainer' | 'options'>): GivenOptions[] {
  const all = GRIDS[trainer].map((tried) => ({ ...tried, ...options }))
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}

/** Fits a model by the name of its trainer. @throws {TrainerError} `options-invalid`, `too-few-cases`. */
export function fitNamed(
  trainer: NewHeadTrainer,
  table: TrainingTable,
  options: GivenOptions,
  seed: number,
): FittedModel {
  switch (trainer) {
    case 'linear':
      return linearRegression.fit(table, options, seed)
    case 'multilayer-perceptron':
      return multilayerPerceptron.fit(table, options, seed)
    case 'gradient-boosting':
      return gradientBoosting.fit(table, options, seed)
    case 'random-forest':
      return randomForest.fit(table, options, seed)
  }
}
