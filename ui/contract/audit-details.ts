import { z } from 'zod'

/** The detail behind the commitment of one entry, with what is needed to check it. Holds names: for the site only. */
export const auditDetailView = z.strictObject({
  schema: z.literal('leadglass.audit-detail/1'),
  origin: z.string(),
  index: z.number().int().min(0),
  leaf: z.string(),
  salt: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  proof: z.string().nullable(),
})
export type AuditDetailView = z.infer<typeof auditDetailView>

/** Who has cosigned the device's log besides the hub, and what the device saw of the hub's log. */
export const witnessList = z.strictObject({
  origin: z.string(),
  size: z.number().int().min(0),
  witnesses: z.array(z.strictObject({ witness: z.string(), size: z.number().int().min(0), cosignedAt: z.string() })),
  hubLog: z.object({ state: z.string(), size: z.number().int().min(0), at: z.string() }).nullable(),
})
export type WitnessList = z.infer<typeof witnessList>
