import { z } from 'zod'

/** `score.pneumonia`, `quality.mean`, `embedding.0`: a vocabulary code whose later parts may start with a digit. */
export const featureCode = z.string().regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z0-9][a-z0-9-]{0,39}){0,3}$/)

/**
 * How one feature was distributed where the model was trained. Bin i holds the values in [edges[i], edges[i + 1]);
 * the first and last bin are open-ended, so every finite value has a bin.
 */
export const referenceFeature = z
  .strictObject({
    feature: featureCode,
    edges: z.array(z.number()).min(2).max(1002),
    counts: z.array(z.number().int().min(0)).min(1).max(1001),
  })
  .refine((feature) => feature.edges.length === feature.counts.length + 1, { message: 'k counts need k + 1 edges' })
  .refine((feature) => feature.edges.every((edge, i) => i === 0 || edge > (feature.edges[i - 1] ?? edge)), {
    message: 'edges must rise',
  })
export type ReferenceFeature = z.infer<typeof referenceFeature>

/** `reference.json`: the bins on which sites count, so that counts of all sites can be added and compared. */
export const referenceDistributions = z
  .strictObject({
    schema: z.literal('leadglass.reference-distributions/1'),
    features: z.array(referenceFeature).min(1).max(512),
  })
  .refine((value) => new Set(value.features.map((feature) => feature.feature)).size === value.features.length, {
    message: 'a feature stands twice',
  })
export type ReferenceDistributions = z.infer<typeof referenceDistributions>

/** The bin of a finite value: binary search over the inner edges. */
export function binOf(feature: ReferenceFeature, value: number): number {
  let low = 0
  let high = feature.counts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (value >= (feature.edges[middle] ?? Number.POSITIVE_INFINITY)) low = middle
    else high = middle - 1
  }
  return low
}
