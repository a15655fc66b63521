import { z } from 'zod'

const side = z.number().int().min(1).max(4096)
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
  /** Stretch to width x height by exact area averaging. */
  z.strictObject({ step: z.literal('resize'), width: side, height: side, interpolation: z.literal('area') }),
  /** The grey plane, `channels` times. */
  z.strictObject({ step: z.literal('replicate-channels'), channels: z.number().int().min(1).max(16) }),
  /** (value - mean) / std, channel by channel, then float32. */
  z.strictObject({
    step: z.literal('normalise'),
    mean: perChannel,
    std: perChannel.refine((values) => values.every((value) => value > 0), { message: 'std must be above 0' }),
  }),
])
export type PreprocessingStep = z.infer<typeof preprocessingStep>

/** Channels, height and width of what the steps make, or the reason why they make nothing. */
export type PreprocessingShape =
  | { readonly kind: 'shape'; readonly channels: number; readonly height: number; readonly width: number }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The order in which steps may stand; each at most once. */
const ORDER: readonly PreprocessingStep['step'][] = [
  'modality-lut',
  'monochrome2',
  'percentile-window',
  'resize',
  'replicate-channels',
  'normalise',
]

/** Follows the steps symbolically. A resize must be there, since a network has one input size. */
export function preprocessingShape(steps: readonly PreprocessingStep[]): PreprocessingShape {
  let position = -1
  let channels = 1
  let size: { height: number; width: number } | undefined
  for (const step of steps) {
    const rank = ORDER.indexOf(step.step)
    if (rank <= position) return { kind: 'invalid', reason: `step ${step.step} stands twice or too late` }
    position = rank
    if (step.step === 'resize') size = { height: step.height, width: step.width }
    if (step.step === 'replicate-channels') channels = step.channels
    if (step.step === 'normalise' && (step.mean.length !== channels || step.std.length !== channels)) {
      return { kind: 'invalid', reason: 'normalise has another number of channels' }
    }
  }
  if (size === undefined) return { kind: 'invalid', reason: 'there is no resize' }
  return { kind: 'shape', channels, ...size }
}
