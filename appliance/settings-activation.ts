import { z } from 'zod'

/** How a new version comes into use. */
export const activationSettings = z.strictObject({
  /** Studies on which a new version runs in the shadow before it scores; 0: golden cases alone decide. */
  shadowStudies: z.number().int().min(0).max(100_000).default(20),
  /** In the shadow its 95th percentile of time over that of the version in use, in thousandths. */
  maximumLatencyRatioMilli: z.number().int().min(100).max(1_000_000).default(3000),
  /** How long a new version is watched while it scores, before it stays, in seconds. */
  trialSeconds: z.number().int().min(0).max(604_800).default(60),
  /** Files that may fail in a thousand during that time; two failures are the least that count. */
  maximumErrorPermille: z.number().int().min(0).max(1000).default(20),
  /** Times that a version is tried before it is given up until it is approved anew. */
  mostAttempts: z.number().int().min(1).max(10).default(3),
  /** Only versions that the hub assigned to this site, or that a person promotes, come into use. */
  requiresAssignment: z.boolean().default(false),
})
export type ActivationSettings = z.infer<typeof activationSettings>
