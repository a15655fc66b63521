import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { validate } from 'node-cron'
import { z } from 'zod'
import { trainerChoice } from '../trainers/choice.ts'

/** What can start a run without anybody asking. */
export const TRIGGER_CAUSES = ['labels', 'age', 'drift', 'schedule'] as const
export type TriggerCause = (typeof TRIGGER_CAUSES)[number]

const studies = z.number().int().min(1).max(10_000_000)
/** How long after it fired a trigger is held back; hours, so a quarter of an hour is 0.25. */
const cooldownHours = z.number().min(0).max(8760)

/** How urgent an alert of drift is that may start a run. */
export const ALERT_PRIORITIES = ['P1', 'P2'] as const
export type AlertPriority = (typeof ALERT_PRIORITIES)[number]

/** What starts runs of one finding of one model. A trigger that is not declared never fires. */
export const triggerPolicy = z.strictObject({
  model: modelReference.shape.name,
  finding: vocabularyCode,
  enabled: z.boolean().default(true),
  /** Runs that all triggers together may start within any 24 hours. */
  maximumPerDay: z.number().int().min(1).max(24).default(2),
  /** How the head is fitted; around its parent's when left out. */
  trainer: trainerChoice.optional(),
  /** So many studies labelled since the last dataset. */
  labels: z.strictObject({ atLeast: studies, cooldownHours: cooldownHours.default(24) }).optional(),
  /** The oldest label that no dataset has is so many days old, and there are so many of them. */
  age: z
    .strictObject({
      olderThanDays: z.number().min(0.01).max(3650),
      atLeast: studies,
      cooldownHours: cooldownHours.default(168),
    })
    .optional(),
  /** An open alert of the model, and so many studies labelled since the last dataset. */
  drift: z
    .strictObject({
      priorities: z.array(z.enum(ALERT_PRIORITIES)).min(1).max(2).default(['P1']),
      atLeast: studies.default(1),
      cooldownHours: cooldownHours.default(24),
    })
    .optional(),
  /** At the times of a cron expression, if so many studies were labelled since the last dataset. */
  schedule: z
    .strictObject({
      cron: z
        .string()
        .max(100)
        .refine((text) => validate(text), { message: 'is no schedule in the form of cron' }),
      timeZone: z
        .string()
        .max(60)
        .refine(isTimeZone, { message: 'is no time zone of the IANA database' })
        .default('UTC'),
      atLeast: studies.default(1),
      cooldownHours: cooldownHours.default(0),
    })
    .optional(),
})
export type TriggerPolicy = z.infer<typeof triggerPolicy>

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
