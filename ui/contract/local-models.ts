import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count, instant } from './fields.ts'

/** GET /api/models. */
export const localModelList = z.object({
  models: z.array(
    z.object({
      model: modelVersion,
      state: z.enum(['staged', 'active', 'retained', 'refused']),
      /** Plain words, when refused. */
      message: z.string().nullable(),
      releaseCounter: count,
      /** Why it does not run although it would: recalled by a safety officer, or stopped by somebody here. */
      halted: z
        .object({
          kind: z.enum(['recalled', 'stopped-at-site']),
          reason: z.string(),
          by: z.string(),
          at: instant,
        })
        .nullable(),
      /** How far it is on its way into use; null for one that never was. */
      activation: z
        .object({
          state: z.enum([
            'stage',
            'verify',
            'golden',
            'shadow',
            'trial',
            'clean',
            'committed',
            'waiting',
            'quarantined',
          ]),
          attempts: count,
          reason: z.string().nullable(),
        })
        .nullable(),
      /** Signed at the hub, and waiting for the hospital's own approval; `message` says what is missing. */
      waitsForSite: z.boolean(),
      /** Approvals that this appliance verified itself. */
      approvals: z.array(z.object({ person: z.string(), role: z.string() })),
      title: z.string().nullable(),
      intendedUse: z.string().nullable(),
      outputs: z.array(z.object({ code: z.string(), title: z.string(), thresholdMilli: z.number().int() })),
      changedAt: instant,
    }),
  ),
  /** Kits or entries that were refused before a model version became known. */
  refused: z.array(z.object({ code: z.string(), message: z.string(), path: z.string(), at: instant })),
})
export type LocalModelList = z.infer<typeof localModelList>

/** POST /api/models/:name/stop and /start: why, in words; nothing about a patient. */
export const modelStopRequest = z.strictObject({ reason: z.string().trim().min(3).max(400) })
