import { z } from 'zod'

const share = z.number().min(0).max(1)

/** How often a step is done, by chance. */
const probability = { probability: share }

/**
 * One random change of a training image, after its window and size: a grey plane in 0..1. Each is defined to the last digit in
 * `models/augmentation/augment.ts` and in `models/training/declared_augmentation.py`.
 */
export const augmentationStep = z.discriminatedUnion('step', [
  /** Left becomes right. Refused where laterality matters. */
  z.strictObject({ step: z.literal('flip-horizontal'), ...probability }),
  /** Top becomes bottom. Refused where laterality matters: with it and half a turn left would become right. */
  z.strictObject({ step: z.literal('flip-vertical'), ...probability }),
  /**
   * Rotation, scale and shift about the middle, drawn evenly from plus and minus each bound; between four cells, the edge
   * repeated.
   */
  z.strictObject({
    step: z.literal('affine'),
    rotationDegrees: z.number().min(0).max(15),
    scale: z.number().min(0).max(0.25),
    /** Of the side. */
    shift: z.number().min(0).max(0.15),
  }),
  /** (value - 0.5) * contrast + 0.5 + brightness, clipped; contrast drawn about 1, brightness about 0. */
  z.strictObject({
    step: z.literal('contrast-brightness'),
    contrast: z.number().min(0).max(0.5),
    brightness: z.number().min(0).max(0.3),
  }),
  /** Normally distributed, its deviation drawn evenly from 0 to this; clipped. */
  z.strictObject({ step: z.literal('gaussian-noise'), deviation: z.number().min(0).max(0.2) }),
])
export type AugmentationStep = z.infer<typeof augmentationStep>

/** Optional member `training`: how images were changed where the model was trained. A box never does it. */
export const trainingMember = z
  .strictObject({
    /** Whether an output changes its meaning when left and right change places. */
    laterality: z.enum(['matters', 'does-not-matter']),
    augmentation: z.array(augmentationStep).min(1).max(16),
  })
  .refine(
    ({ laterality, augmentation }) =>
      laterality === 'does-not-matter' || !augmentation.some(({ step }) => step.startsWith('flip-')),
    { message: 'a flip is refused where laterality matters' },
  )
export type TrainingMember = z.infer<typeof trainingMember>
