import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count, instant } from './fields.ts'

/** Rollouts and recalls, over the hub's interface. */

const permille = count.max(1000)
const reason = z.string().trim().min(3).max(400)
const named = { name: z.string().min(2).max(64), version: z.string().min(5).max(16) }

/** POST /api/rollouts. Rules that are left out are as the hub has them; without rings the sites are ordered by the hub. */
export const rolloutRequest = z.strictObject({
  ...named,
  rings: z
    .array(z.array(z.string().max(64)).max(5000))
    .max(20)
    .optional(),
  /** Sites that go first, when there are no rings. */
  canaries: z.array(z.string().max(64)).min(1).max(100).optional(),
  rules: z.record(z.string(), z.number()).default({}),
})

/** POST /api/rollouts/:rollout/command. */
export const rolloutCommand = z.strictObject({ kind: z.enum(['pause', 'resume', 'halt']), reason })

/** One site of a rollout. */
export const rolloutSite = z.object({
  device: z.string(),
  /** From 1. */
  ring: count,
  progress: z.enum(['not-assigned', 'assigned', 'on-its-way', 'in-use', 'taken-back', 'stopped']),
  runs: count,
  errors: count,
  notScored: count,
  driftAlarms: count,
  lastReportAt: instant.nullable(),
})

export const rolloutView = z.object({
  rollout: count,
  model: modelVersion,
  state: z.enum(['running', 'paused', 'halted', 'finished']),
  /** From 1. */
  ring: count,
  rings: count,
  ringSince: instant,
  settledSince: instant.nullable(),
  reason: z.string().nullable(),
  author: z.string(),
  createdAt: instant,
  rules: z.object({
    maximumErrorPermille: permille,
    maximumNotScoredPermille: permille,
    maximumRollbacks: count,
    maximumDriftAlarms: count,
    reportWithinHours: count,
    soakHours: count,
  }),
  sites: z.array(rolloutSite),
  history: z.array(z.object({ what: z.string(), reason: z.string().nullable(), by: z.string(), at: instant })),
})
export type RolloutDetail = z.infer<typeof rolloutView>

/** GET /api/rollouts, newest first. */
export const rolloutList = z.object({ rollouts: z.array(rolloutView) })
export type RolloutList = z.infer<typeof rolloutList>

/** GET /api/recalls: what is stopped everywhere, and who may stop. */
export const recallList = z.object({
  recalls: z.array(z.object({ model: modelVersion, reason: z.string(), person: z.string(), recalledAt: instant })),
  officers: z.array(z.object({ person: z.string(), keyid: z.string() })),
})
export type RecallListView = z.infer<typeof recallList>

/** Query of GET /api/recalls/draft, answered with the bytes that the safety officer signs. */
export const recallRequest = z.strictObject({ ...named, person: z.string().max(64), reason })
export const recallDraft = z.object({ version: count, signedBytes: z.base64() })

/** POST /api/recalls. */
export const recallSubmission = z.strictObject({
  signedBytes: z.base64().max(200_000),
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
})

/** GET /api/recalls/targets: what the custodians of targets sign anew to name the safety officers. */
export const recallTargets = z.object({ root: z.base64(), targets: z.base64(), policy: z.unknown() })
/** POST /api/recalls/officers. */
export const officersSubmission = z.strictObject({ targets: z.base64().max(200_000) })
