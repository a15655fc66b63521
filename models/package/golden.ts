import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'

/** What a golden image must give on any box: the first values of the embedding, and every score. */
export const goldenExpectation = z.strictObject({
  embedding: z.array(z.number()).min(1).max(8192),
  outputs: z.record(vocabularyCode, z.number()).refine((outputs) => Object.keys(outputs).length >= 1),
  /** Largest absolute difference allowed, in the unit of each value. */
  tolerance: z.number().gt(0).max(0.1),
})
export type GoldenExpectation = z.infer<typeof goldenExpectation>
