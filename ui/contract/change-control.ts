import { z } from 'zod'
import { modelVersion } from './common.ts'

/** Whether a plan may be relied on. */
export const changePlanState = z.enum(['declared', 'in-force', 'superseded', 'withdrawn'])

/** A plan for changes of a model (PCCP) with the signatures under it. GET /api/change-plans. */
export const changePlanView = z.object({
  digest: z.string(),
  model: z.string(),
  version: z.number(),
  title: z.string(),
  author: z.string(),
  authorisation: z.string(),
  state: changePlanState,
  declaredAt: z.iso.datetime(),
  modifications: z.array(z.object({ id: z.string(), title: z.string(), changes: z.array(z.string()) })),
  criteria: z.array(z.object({ id: z.string(), description: z.string() })),
  steps: z.array(z.object({ id: z.string(), part: z.string(), description: z.string() })),
  adoptions: z.array(
    z.object({ person: z.string(), printedName: z.string(), role: z.string(), signedAt: z.iso.datetime() }),
  ),
})
export type ChangePlanView = z.infer<typeof changePlanView>
export const changePlanList = z.object({ plans: z.array(changePlanView) })

/** GET /api/change-plans/:plan: the plan as it was declared, canonical JSON, for whoever signs it. */
export const changePlanDocument = z.object({ digest: z.string(), plan: z.json() })

/** POST /api/change-plans. The plan itself is checked by the hub. */
export const changePlanRequest = z.strictObject({ plan: z.record(z.string(), z.json()) })

/** POST /api/change-plans/:plan/adoptions: a signature made by whoever holds the key. */
export const adoptionRequest = z.strictObject({ person: z.string().min(2).max(64), envelope: z.json() })

/** POST /api/change-plans/:plan/withdrawal. */
export const planWithdrawal = z.strictObject({ reason: z.string().trim().min(3).max(400) })

/** POST /api/models/:name/:version/change/records: a step of the protocol was taken for a version, or was not. */
export const stepRecordRequest = z.strictObject({
  step: z.string().regex(/^[A-Z][A-Z0-9-]{0,19}$/),
  outcome: z.enum(['done', 'not-done']),
  evidence: z.string().trim().min(3).max(2000),
})

/** GET /api/models/:name/:version/change: where the version stands under the plan in force. */
export const changeDetermination = z.object({
  model: modelVersion,
  plan: changePlanView.nullable(),
  within: z.boolean(),
  changed: z.array(z.string()),
  modifications: z.array(z.string()),
  criteria: z.array(z.object({ criterion: z.string(), kind: z.string(), words: z.string() })),
  steps: z.array(z.object({ step: z.string(), recorded: z.boolean() })),
  /** Why it is outside, in words; empty when it is within. */
  reasons: z.array(z.string()),
})
export type ChangeDeterminationView = z.infer<typeof changeDetermination>
