import { z } from 'zod'
import { RadiomicsError } from './errors.ts'

const positive = z.number().positive()

/** IBSI 2.7: `none` takes the intensities as levels; FBN is fixed bin number (K15C), FBS is fixed bin size (Q3RU). */
const discretisationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('FBN'), bins: z.int().min(1).max(4096) }),
  /** `origin` is the lower edge of bin 1; without it the lower re-segmentation bound, else the lowest intensity. */
  z.strictObject({ kind: z.literal('FBS'), width: positive, origin: z.number().optional() }),
])

/** IBSI 2.4: `bilinear` resamples within slices only; spacing in mm; mask by partial volume of at least one half. */
const interpolationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('bilinear'),
    spacing: z.tuple([positive, positive]).readonly(),
    round: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('trilinear'),
    spacing: z.tuple([positive, positive, positive]).readonly(),
    round: z.boolean(),
  }),
])

/** The feature families, by the name of the IBSI chapter. `morphology-2d` is not of IBSI. */
export const FAMILIES = [
  'morphology',
  'morphology-2d',
  'local-intensity',
  'statistics',
  'intensity-histogram',
  'intensity-volume-histogram',
  'cooccurrence',
  'run-length',
  'size-zone',
  'distance-zone',
  'tone-difference',
  'grey-level-dependence',
] as const

/** One feature family. */
export type Family = (typeof FAMILIES)[number]

const settingsSchema = z.strictObject({
  discretisation: discretisationSchema,
  interpolation: interpolationSchema.default({ kind: 'none' }),
  /** Closed interval of intensities that stay in the intensity mask; `null` leaves an end open. IBSI 2.5, USB3. */
  resegmentationRange: z.tuple([z.number().nullable(), z.number().nullable()]).readonly().nullable().default(null),
  /** Voxels further than this many standard deviations from the mean leave the intensity mask. IBSI 2.5, 7ACA. */
  outlierSigma: positive.nullable().default(null),
  /** IBSI 3.5: its own discretisation; 1000 bins are for arbitrary units. */
  intensityVolumeHistogram: discretisationSchema.default({ kind: 'FBN', bins: 1000 }),
  families: z
    .array(z.enum(FAMILIES))
    .readonly()
    .default([...FAMILIES]),
  /** Texture matrices by slice (`2D`), merged over slices (`2_5D`), or over the volume (`3D`). IBSI 3, 5QB6. */
  aggregations: z
    .array(z.enum(['2D', '2_5D', '3D']))
    .readonly()
    .default(['2D', '2_5D', '3D']),
})

/** What a caller says; everything but the discretisation has a default. */
export type RadiomicSettings = z.input<typeof settingsSchema>

/** The settings with every default filled in. */
export type CompleteSettings = z.output<typeof settingsSchema>

/** How intensities become levels. */
export type Discretisation = z.output<typeof discretisationSchema>

/** How a volume is resampled before anything else. */
export type Interpolation = z.output<typeof interpolationSchema>

/** Which voxels share a texture matrix. */
export type AggregationScope = CompleteSettings['aggregations'][number]

/**
 * Checks settings and fills in the defaults.
 * @throws {RadiomicsError} settings-invalid
 */
export function completeSettings(settings: RadiomicSettings): CompleteSettings {
  const parsed = settingsSchema.safeParse(settings)
  if (!parsed.success) throw new RadiomicsError('settings-invalid', z.prettifyError(parsed.error))
  const [low, high] = parsed.data.resegmentationRange ?? [null, null]
  if (low !== null && high !== null && low > high)
    throw new RadiomicsError('settings-invalid', 'The lower re-segmentation bound lies above the upper one.')
  return parsed.data
}
