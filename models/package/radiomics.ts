import { z } from 'zod'

const positive = z.number().min(1e-6).max(1e6)
const bound = z.number().min(-1e6).max(1e6)

const discretisation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('FBN'), bins: z.number().int().min(1).max(4096) }),
  z.strictObject({ kind: z.literal('FBS'), width: positive, origin: bound.optional() }),
])

const interpolation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bilinear'), spacing: z.tuple([positive, positive]), round: z.boolean() }),
  z.strictObject({
    kind: z.literal('trilinear'),
    spacing: z.tuple([positive, positive, positive]),
    round: z.boolean(),
  }),
])

/** The region: voxels of one class of the package's own segmentation, intensities in a range, or everything. */
const region = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('segmentation'), class: z.number().int().min(0).max(255) }),
  z
    .strictObject({ kind: z.literal('threshold'), minimum: bound.optional(), maximum: bound.optional() })
    .refine((one) => one.minimum !== undefined || one.maximum !== undefined, { message: 'a threshold needs an end' }),
  z.strictObject({ kind: z.literal('image') }),
])

/** A code of the IBSI 1 reference tables, aggregation included: `stat_mean`, `cm_contrast_3D_avg`. */
const featureCode = z
  .string()
  .max(40)
  .regex(/^(?:morph|morph2d|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl)_[a-zA-Z0-9_]+$/)

/**
 * Radiomic features that a package asks for (IBSI 1): of which region, after which processing, which ones. Families and
 * aggregations follow from the codes. The manifest's digest binds the settings to every value that they gave.
 */
export const declaredRadiomics = z
  .strictObject({
    region,
    settings: z.strictObject({
      discretisation,
      interpolation: interpolation.optional(),
      resegmentationRange: z.tuple([bound.nullable(), bound.nullable()]).optional(),
      outlierSigma: positive.optional(),
      intensityVolumeHistogram: discretisation.optional(),
    }),
    features: z.array(featureCode).min(1).max(128),
  })
  .refine((one) => new Set(one.features).size === one.features.length, { message: 'a feature stands twice' })
export type DeclaredRadiomics = z.infer<typeof declaredRadiomics>

/** What keeps a declaration from going with a kind of model and the number of its classes. */
export function radiomicsProblems(
  declared: DeclaredRadiomics | undefined,
  kind: string,
  classes: number,
): readonly string[] {
  if (declared === undefined) return []
  if (kind !== 'image-2d' && kind !== 'volume-3d') return ['radiomics belongs to the kinds image-2d and volume-3d']
  if (declared.region.kind !== 'segmentation') return []
  if (kind !== 'volume-3d') return ['the region of radiomics is a segmentation, which only volume-3d has']
  return declared.region.class < classes ? [] : ['the region of radiomics is no class of the segmentation']
}
