import { z } from 'zod'

/** Radiomic features of one region of one instance, as a package asked for them. */
export const radiomicsView = z.object({
  instance: z.number().int().min(0),
  /** Name and version of the package. */
  model: z.string(),
  voxels: z.number().int().min(0),
  /** Why there are no values; null where there are. */
  reason: z.string().nullable(),
  values: z.array(
    z.object({
      code: z.string(),
      /** Permalink code of the IBSI manual. */
      ibsi: z.string().nullable(),
      unit: z.string().nullable(),
      value: z.number().nullable(),
      /** The reference test of this feature passes. */
      verified: z.boolean(),
      /** SHA-256 of the settings that gave the value. */
      settings: z.string(),
    }),
  ),
})
export type RadiomicsView = z.infer<typeof radiomicsView>
