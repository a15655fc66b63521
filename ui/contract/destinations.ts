import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** GET /api/destinations. */
export const destinationList = z.object({
  destinations: z.array(
    z.object({
      name: z.string(),
      /** Of a web service; host and port are those of its URL, and it has no AE title. */
      protocol: z.enum(['dicom', 'stow', 'fhir']).optional(),
      url: z.string().nullable().optional(),
      aeTitle: z.string(),
      host: z.string(),
      port: z.number().int(),
      pending: count,
      dead: z.array(
        z.object({
          delivery: count,
          study: pseudonym,
          revision: z.number().int(),
          attempts: count,
          lastError: z.string().nullable(),
          at: instant.nullable(),
        }),
      ),
    }),
  ),
})
export type DestinationList = z.infer<typeof destinationList>

/** POST /api/destinations/:name/replay: one delivery, or every dead one when none is named. */
export const replayRequest = z.strictObject({ delivery: count.optional() })
export const replayAnswer = z.object({ replayed: count })
