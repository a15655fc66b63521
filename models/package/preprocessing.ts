import { z } from 'zod'
import { volumeSteps } from './volume-steps.ts'

const side = z.number().int().min(1).max(4096)
const finite = z.number().min(-1e6).max(1e6)
const perChannel = z.array(z.number().min(-1e6).max(1e6)).min(1).max(16)

/**
 * One step from stored pixels to the network's input. Each step is defined to the last digit in the executor of the
 * appliance (`appliance/imaging/preprocess`) and in `models/training/preprocess.py`; both work in float64.
 */
export const preprocessingStep = z.discriminatedUnion('step', [
  /** Stored values to output units: Modality LUT Sequence, else rescale slope and intercept (PS3.3 C.11.1). */
  z.strictObject({ step: z.literal('modality-lut') }),
  /** MONOCHROME1 becomes MONOCHROME2: largest value of the image minus the value. */
  z.strictObject({ step: z.literal('monochrome2') }),
  /** Nearest-rank percentiles `low`..`high` to 0..1, clipped; a flat image becomes 0. */
  z
    .strictObject({
      step: z.literal('percentile-window'),
      low: z.number().min(0).max(100),
      high: z.number().min(0).max(100),
    })
    .refine((window) => window.low < window.high, { message: 'low must be below high' }),
  /** A declared window to 0..1 by the LINEAR function of PS3.3 C.11.2.1.2.1, in output units of the modality LUT. */
  z.strictObject({
    step: z.literal('voi-linear'),
    centre: z.number().min(-1e6).max(1e6),
    width: z.number().min(1).max(1e6),
  }),
  /**
   * The header's own VOI LUT to 0..1 (PS3.3 C.11.2): the first table of its sequence, else the first window by its function
   * (LINEAR, LINEAR_EXACT, SIGMOID); where it says none, the percentiles of `fallback`. MONOCHROME1 is 1 minus that.
   */
  z.strictObject({
    step: z.literal('voi-lut'),
    fallback: z
      .strictObject({ low: z.number().min(0).max(100), high: z.number().min(0).max(100) })
      .refine((window) => window.low < window.high, { message: 'low must be below high' }),
  }),
  /** A box by fractions of the sides: rows floor(top * rows) up to floor(bottom * rows), columns likewise; at least one. */
  z
    .strictObject({
      step: z.literal('crop'),
      top: z.number().min(0).max(1),
      bottom: z.number().min(0).max(1),
      left: z.number().min(0).max(1),
      right: z.number().min(0).max(1),
    })
    .refine((box) => box.top < box.bottom && box.left < box.right, { message: 'the box is empty' }),
  /** The largest centred square; an odd remainder is cut at the end. */
  z.strictObject({ step: z.literal('centre-square') }),
  /**
   * Stretch to width x height. `area`: exact area averaging. `bilinear`: between the two nearest cell centres of each
   * axis, edges repeated, no low-pass. `nearest`: the cell that holds the target cell's centre.
   */
  z.strictObject({
    step: z.literal('resize'),
    width: side,
    height: side,
    interpolation: z.enum(['area', 'bilinear', 'nearest']),
  }),
  /** value * slope + intercept, such as 0..1 to -1024..1024. */
  z.strictObject({ step: z.literal('rescale'), slope: finite, intercept: finite }),
  /** The grey plane, `channels` times. */
  z.strictObject({ step: z.literal('replicate-channels'), channels: z.number().int().min(1).max(16) }),
  /** (value - mean) / std, channel by channel, then float32. */
  z.strictObject({
    step: z.literal('normalise'),
    mean: perChannel,
    std: perChannel.refine((values) => values.every((value) => value > 0), { message: 'std must be above 0' }),
  }),
  ...volumeSteps,
])
export type PreprocessingStep = z.infer<typeof preprocessingStep>

/** Channels, height and width (and depth, of a volume) of what the steps make, or the reason why they make nothing. */
export type PreprocessingShape =
  | {
      readonly kind: 'shape'
      readonly channels: number
      readonly depth?: number
      readonly height: number
      readonly width: number
    }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The order in which steps may stand, for images and for volumes; each place is taken at most once. */
const IMAGE_ORDER: readonly (readonly PreprocessingStep['step'][])[] = [
  ['modality-lut'],
  ['monochrome2'],
  ['percentile-window', 'voi-linear', 'voi-lut'],
  ['crop'],
  ['centre-square'],
  ['resize'],
  ['rescale'],
  ['replicate-channels'],
  ['normalise'],
]
const VOLUME_ORDER: readonly (readonly PreprocessingStep['step'][])[] = [
  ['modality-lut'],
  ['volume-orient'],
  ['percentile-window', 'voi-linear'],
  ['volume-resample'],
  ['volume-fit'],
  ['normalise'],
]

/** Follows the steps symbolically. What gives the size must be there, since a network has one input size. */
export function preprocessingShape(
  steps: readonly PreprocessingStep[],
  of: 'image' | 'volume' = 'image',
): PreprocessingShape {
  let position = -1
  let channels = 1
  let size: { depth?: number; height: number; width: number } | undefined
  for (const step of steps) {
    const rank = (of === 'image' ? IMAGE_ORDER : VOLUME_ORDER).findIndex((place) => place.includes(step.step))
    if (rank < 0) return { kind: 'invalid', reason: `step ${step.step} is not for this kind of input` }
    if (rank <= position) return { kind: 'invalid', reason: `step ${step.step} stands twice or too late` }
    position = rank
    if (step.step === 'resize') size = { height: step.height, width: step.width }
    if (step.step === 'volume-fit') size = { depth: step.depth, height: step.height, width: step.width }
    if (step.step === 'replicate-channels') channels = step.channels
    if (step.step === 'normalise' && (step.mean.length !== channels || step.std.length !== channels)) {
      return { kind: 'invalid', reason: 'normalise has another number of channels' }
    }
  }
  if (steps.some(({ step }) => step === 'voi-lut') && steps.some(({ step }) => step === 'monochrome2')) {
    return {
      kind: 'invalid',
      reason: 'voi-lut turns MONOCHROME1 round itself, so monochrome2 must not stand before it',
    }
  }
  if (size === undefined)
    return { kind: 'invalid', reason: of === 'image' ? 'there is no resize' : 'there is no volume-fit' }
  if (of === 'volume' && !steps.some((step) => step.step === 'volume-resample')) {
    return { kind: 'invalid', reason: 'there is no volume-resample, so a voxel has no size' }
  }
  return { kind: 'shape', channels, ...size }
}
