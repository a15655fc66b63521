import { z } from 'zod'

/** How a head can be fitted: held around its parent's weights, or anew. */
export const HEAD_TRAINERS = [
  'parent-head',
  'linear',
  'multilayer-perceptron',
  'gradient-boosting',
  'random-forest',
] as const
export const CALIBRATIONS = ['none', 'platt', 'isotonic'] as const

/**
 * The choice of a trainer in a request for a run. Options that are not given are chosen by cross-validation; the hub says which
 * there are.
 */
export const trainerRequest = z.strictObject({
  trainer: z.enum(HEAD_TRAINERS),
  options: z
    .record(z.string().max(40), z.union([z.number(), z.string().max(40), z.array(z.number()).max(16)]))
    .default({}),
  calibration: z.enum(CALIBRATIONS).default('none'),
})
export type TrainerRequest = z.infer<typeof trainerRequest>
