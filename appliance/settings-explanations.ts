import { z } from 'zod'

/** When scores are explained without being asked. */
export const explanationSettings = z.strictObject({
  /** A heat map of every score above its operating point is made when nothing else is to be done. */
  automatic: z.boolean().default(false),
})
