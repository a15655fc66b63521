import { validate } from 'node-cron'
import { z } from 'zod'
import { timeZone } from './rules/site-time.ts'

const days = z.number().int().min(0).max(36_500)
const words = z.array(z.string().min(1).max(64)).min(1).max(64)

/** One retention rule: the first whose conditions fit a study says how long it is kept. */
const retentionRule = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  keepDays: days,
  /** From when the days count: when the study was complete, or when the last result was delivered. */
  from: z.enum(['complete', 'delivered']).default('delivered'),
  modalities: words.optional(),
  /** Patterns with `*` and `?`. */
  callingAeTitles: words.optional(),
  /** What the rules of routing said: `keep` for studies that were kept and not scored. */
  processing: z.enum(['score', 'keep']).optional(),
})
export type RetentionRule = z.infer<typeof retentionRule>

/** How long studies are kept. Without rules everything is kept. */
export const retentionSettings = z.strictObject({
  rules: z
    .array(retentionRule)
    .max(64)
    .refine((list) => new Set(list.map((one) => one.name)).size === list.length, { message: 'a name occurs twice' })
    .default([]),
  /** Fetched priors are removed so long after they came, whatever becomes of the study that asked; kept when absent. */
  priorsKeepDays: days.optional(),
  /** Instances in quarantine that belong to no study are removed so long after they came; kept when absent. */
  quarantineKeepDays: days.optional(),
  /** When a run begins: minute, hour, day of month, month, day of week. */
  schedule: z
    .string()
    .max(100)
    .refine((text) => validate(text), { message: 'is no schedule in the form of cron' })
    .default('17 2 * * *'),
  timeZone: timeZone.default('UTC'),
  /** A run ends after so many minutes; the next goes on. */
  windowMinutes: z.number().int().min(1).max(1440).default(120),
})
export type RetentionSettings = z.infer<typeof retentionSettings>
