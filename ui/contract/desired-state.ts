import { z } from 'zod'
import { instant } from './fields.ts'

/** Desired and reported state over the hub's HTTP interface. */

const progress = z.enum(['queued', 'delivered', 'applied', 'rejected', 'expired'])
/** A device's own name, or a name of a group: lower-case letters, digits and hyphens. */
const scopeName = z.string().regex(/^[a-z0-9][a-z0-9-]{1,47}$/)

/** POST /api/fleet/desired: the whole wish for one device or group; it replaces the one before. */
export const desiredEditRequest = z.strictObject({
  scope: z.enum(['device', 'group']),
  name: scopeName,
  sections: z.unknown(),
  /** Not applied any more after this instant; null for no end. */
  expiresAt: instant.nullable().default(null),
  reason: z.string().trim().min(3).max(200),
})
/** Its answer: the devices for which a new document is queued. */
export const desiredQueued = z.object({ devices: z.array(z.string()) })

/** POST /api/fleet/groups: puts a device into a group, or takes it out. */
export const groupChangeRequest = z.strictObject({ group: scopeName, device: scopeName, member: z.boolean() })
/** GET /api/fleet/groups. */
export const fleetGroups = z.object({ groups: z.array(z.object({ name: z.string(), devices: z.array(z.string()) })) })

/** GET /api/fleet/desired/history?scope=&name=: newest first. */
export const desiredHistoryQuery = z.strictObject({
  scope: z.enum(['device', 'group']),
  name: scopeName,
  limit: z.coerce.number().int().min(1).max(1000).default(50),
})
export const desiredHistory = z.object({
  edits: z.array(
    z.object({
      id: z.number().int(),
      sections: z.unknown(),
      expiresAt: instant.nullable(),
      author: z.string(),
      reason: z.string(),
      at: instant,
    }),
  ),
})
export type DesiredHistory = z.infer<typeof desiredHistory>

/** POST /api/fleet/desired-key/rotation: another key signs from now on. */
export const keyRotationRequest = z.strictObject({ reason: z.string().trim().min(3).max(200) })
export const keyRotated = z.object({ number: z.number().int() })

const documentRow = z.object({
  version: z.number().int(),
  digest: z.string(),
  sections: z.unknown(),
  expiresAt: instant.nullable(),
  /** Whether the box verifies the hub's signature on it. */
  signed: z.boolean(),
  state: progress,
  reason: z.string().nullable(),
  queuedAt: instant,
  deliveredAt: instant.nullable(),
  endedAt: instant.nullable(),
})

/** GET /api/devices/:device/state: what the hub wishes, what the device says, and what differs. */
export const deviceState = z.object({
  device: z.string(),
  groups: z.array(z.string()),
  /** Newest first; the first one counts. */
  documents: z.array(documentRow),
  reported: z
    .object({
      version: z.number().int(),
      chain: z.string(),
      at: instant,
      /** Why the last report was not believed; the state is then the one before it. */
      refusal: z.string().nullable(),
      state: z.unknown(),
    })
    .nullable(),
  differences: z.array(
    z.object({
      section: z.string(),
      state: z.enum(['applied', 'waiting', 'rejected', 'local', 'unknown']),
      reason: z.string().nullable(),
    }),
  ),
})
export type DeviceState = z.infer<typeof deviceState>

const reportedModel = z.object({ name: z.string(), version: z.string(), digest: z.string() })

/** What of a reported state says which models run; parts that an older box does not report are absent. */
export const reportedRuns = z.object({
  models: z.array(z.object({ model: reportedModel })).default([]),
  activations: z.array(z.object({ model: reportedModel, state: z.string(), attempts: z.number() })).default([]),
  updates: z.object({ verifiedSeconds: z.number(), refused: z.string().nullable() }).nullable().default(null),
})
export type ReportedRuns = z.infer<typeof reportedRuns>
