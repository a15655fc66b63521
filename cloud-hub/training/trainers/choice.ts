import { z } from 'zod'
import { regressionOptions } from './linear/regression.ts'
import { perceptronOptions } from './network/perceptron.ts'
import { boostingOptions } from './tree/boosting.ts'
import { forestOptions } from './tree/forest.ts'

/** Trainers that fit a head anew, whatever the parent's is. */
export const NEW_HEAD_TRAINERS = ['linear', 'multilayer-perceptron', 'gradient-boosting', 'random-forest'] as const
export type NewHeadTrainer = (typeof NEW_HEAD_TRAINERS)[number]

/** What each trainer may be told. */
export const OPTIONS_OF = {
  linear: regressionOptions,
  'multilayer-perceptron': perceptronOptions,
  'gradient-boosting': boostingOptions,
  'random-forest': forestOptions,
} as const

const optionValue = z.union([
  z.number(),
  z.string().max(40),
  z.array(z.number()).max(16),
  z.record(z.string(), z.number()),
])
/** Options of a trainer as they are given or recorded; the schema of the trainer says which there are. */
export const givenOptions = z.record(z.string().max(40), optionValue)
export type GivenOptions = z.infer<typeof givenOptions>

/**
 * How a run fits its head: `parent-head` is a linear head held around its parent's weights; the others begin anew. Options
 * that are not given are chosen by cross-validation or keep the trainer's default.
 */
export const trainerChoice = z
  .strictObject({
    trainer: z.enum(['parent-head', ...NEW_HEAD_TRAINERS]),
    options: givenOptions.default({}),
    /** Laid over the scores of the folds; the head around its parent is calibrated by itself. */
    calibration: z.enum(['none', 'platt', 'isotonic']).default('none'),
  })
  .superRefine(({ trainer, options, calibration }, context) => {
    if (trainer === 'parent-head') {
      const plain = Object.keys(options).length === 0 && calibration === 'none'
      if (!plain) context.addIssue({ code: 'custom', message: 'a head around its parent takes no options' })
      return
    }
    for (const issue of OPTIONS_OF[trainer].safeParse(options).error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: ['options', ...issue.path], message: issue.message })
    }
  })
export type TrainerChoice = z.infer<typeof trainerChoice>
/** A choice of one of the trainers that begin anew. */
export type NewHeadChoice = TrainerChoice & { readonly trainer: NewHeadTrainer }

const figure = z.number()
const count = z.number().int().min(0)

/** What is recorded of a fit: what was chosen, among what, on how many rows, and how far it went. */
export const trainerRecord = z.strictObject({
  name: z.enum(NEW_HEAD_TRAINERS),
  calibration: z.enum(['none', 'platt', 'isotonic']),
  options: givenOptions,
  candidates: z.array(z.strictObject({ options: givenOptions, logLoss: figure })),
  folds: count,
  /** Rows that the candidates were compared on; whole patients. */
  searchedRows: count,
  /** Rounds or epochs that the model keeps, and its last losses; 0 and null where nothing is repeated. */
  kept: count,
  validationLoss: figure.nullable(),
})
export type TrainerRecord = z.infer<typeof trainerRecord>
