import { validate } from 'node-cron'
import { z } from 'zod'
import { timeZone } from './rules/site-time.ts'

/** What may wait for the hub on one stream before what is new of it is turned away. */
const quota = z.strictObject({
  envelopes: z.number().int().min(1).max(1_000_000_000),
  bytes: z.number().int().min(1).max(1_000_000_000_000),
})

/** How the box uses its line to the hub. */
export const syncSettings = z.strictObject({
  /** Average rate of the agent, bytes a second before TLS; no limit when absent. */
  bytesPerSecond: z.number().int().min(1000).max(10_000_000_000).optional(),
  /** A stream with windows is sent within them only. Never `audit`: a log that waits for the night proves nothing by day. */
  windows: z
    .array(
      z.strictObject({
        stream: z.enum(['labels', 'drift', 'features', 'health']),
        /** When the window opens: minute, hour, day of month, month, day of week. */
        opens: z
          .string()
          .max(100)
          .refine((text) => validate(text), { message: 'is no schedule in the form of cron' }),
        minutes: z.number().int().min(1).max(1440),
      }),
    )
    .max(32)
    .default([]),
  timeZone: timeZone.default('UTC'),
  /** A new epoch opens after so many hours; `null` to open one only after a restore. */
  epochHours: z.number().int().min(1).max(720).nullable().default(24),
  /** Only of the lowest classes: audit and labels are always taken. */
  quotas: z
    .strictObject({
      drift: quota.default({ envelopes: 200_000, bytes: 200_000_000 }),
      features: quota.default({ envelopes: 2_000_000, bytes: 20_000_000_000 }),
      health: quota.default({ envelopes: 50_000, bytes: 100_000_000 }),
    })
    .prefault({}),
})
export type SyncSettings = z.infer<typeof syncSettings>
export type SyncQuotas = SyncSettings['quotas']
