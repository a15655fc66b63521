import { z } from 'zod'
import { count, instant } from './fields.ts'

/** What makes training start, and what is known of runs beside their figures, over the hub's interface. */

/** What started a run: a person, or one of the triggers. */
export const trainingCause = z.enum(['asked', 'labels', 'age', 'drift', 'schedule'])

const hours = z.number().min(0).max(8760)
const studies = z.number().int().min(1).max(10_000_000)
const named = { model: z.string().min(2).max(64), finding: z.string().min(1).max(80) }

/** What starts runs of a finding of a model. A trigger that is left out never fires; the hub fills in the defaults. */
export const trainingTriggerPolicy = z.strictObject({
  ...named,
  enabled: z.boolean().optional(),
  maximumPerDay: z.number().int().min(1).max(24).optional(),
  /** How the head is fitted, as the request of a run has it; the hub says which options there are. */
  trainer: z.looseObject({ trainer: z.string().max(40) }).optional(),
  labels: z.strictObject({ atLeast: studies, cooldownHours: hours.optional() }).optional(),
  age: z
    .strictObject({
      olderThanDays: z.number().min(0.01).max(3650),
      atLeast: studies,
      cooldownHours: hours.optional(),
    })
    .optional(),
  drift: z
    .strictObject({
      priorities: z
        .array(z.enum(['P1', 'P2']))
        .min(1)
        .max(2)
        .optional(),
      atLeast: studies.optional(),
      cooldownHours: hours.optional(),
    })
    .optional(),
  schedule: z
    .strictObject({
      cron: z.string().max(100),
      timeZone: z.string().max(60).optional(),
      atLeast: studies.optional(),
      cooldownHours: hours.optional(),
    })
    .optional(),
})
export type TrainingTriggerPolicy = z.infer<typeof trainingTriggerPolicy>

/** A decision of a trigger; equal ones in a row are one that was looked at several times. */
export const triggerDecision = z.object({
  decision: count,
  ...named,
  cause: trainingCause,
  outcome: z.enum([
    'fired',
    'cooling-down',
    'daily-maximum',
    'run-under-way',
    'not-first',
    'cannot-start',
    'too-few',
    'none',
    'disabled',
  ]),
  /** Studies labelled that no dataset had then. */
  newLabels: count,
  reason: z.string().nullable(),
  run: z.string().nullable(),
  firstAt: instant,
  lastAt: instant,
  looks: count,
})
export type TriggerDecisionView = z.infer<typeof triggerDecision>

/** GET, POST /api/training-triggers, and DELETE of one. */
export const trainingTriggers = z.object({
  policies: z.array(
    z.object({
      policy: trainingTriggerPolicy,
      changedBy: z.string(),
      changedAt: instant,
      lookedAt: instant,
      /** The last decision of each of its triggers. */
      standing: z.array(triggerDecision),
    }),
  ),
  decisions: z.array(triggerDecision),
})
export type TrainingTriggers = z.infer<typeof trainingTriggers>

/** A run that was done again from its record. */
export const trainingReproduction = z.object({
  reproduction: z.string(),
  run: z.string(),
  state: z.enum(['queued', 'running', 'equal', 'differs', 'altered-by-erasure', 'failed']),
  parts: z.array(z.object({ part: z.string(), recorded: z.string(), now: z.string(), isEqual: z.boolean() })),
  reason: z.string().nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
})
export type TrainingReproduction = z.infer<typeof trainingReproduction>

/** GET and POST /api/training-runs/:run/reproductions, the newest first. */
export const trainingReproductions = z.object({ reproductions: z.array(trainingReproduction) })

/** What a run can be done again from: `job` as the executor was told it, digests of what it gave. */
export const trainingRecord = z.object({
  executor: z.string(),
  runtime: z.record(z.string(), z.string()),
  job: z.record(z.string(), z.json()),
  snapshot: z.string(),
  parent: z.string(),
  release: z.object({ version: z.string(), releaseCounter: count }).nullable(),
  results: z.object({ head: z.string(), report: z.string(), package: z.string().nullable() }).nullable(),
})
