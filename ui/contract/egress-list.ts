import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** Query of GET /api/egress. */
export const egressQuery = z.strictObject({
  study: pseudonym.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

/** `sealed`: on disk; `relayed`: in the exchange folder; `acknowledged`: committed by the hub; `refused`: it said no. */
export const envelopeState = z.enum(['sealed', 'relayed', 'acknowledged', 'refused'])

/** GET /api/egress: what left the building, and what waits. Newest envelopes first. */
export const egressList = z.object({
  streams: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      /** Last sequence sealed, in the exchange folder, and committed by the hub. */
      sealed: count,
      relayed: count,
      acknowledged: count,
      /** Number of envelopes that the hub refused. */
      refused: count,
    }),
  ),
  /** Drift cells, and the counts in them, that stay at the site because they are below 11. */
  heldCells: count,
  heldCounts: count,
  /** Envelopes that went through the hold, by what became of them; none of those refused here ever leaves. */
  held: z.object({ waiting: count, released: count, refused: count }).optional(),
  envelopes: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      sequence: z.number().int(),
      kind: z.string(),
      study: pseudonym.nullable(),
      state: envelopeState,
      sealedAt: instant,
      acknowledgedAt: instant.nullable(),
      /** The envelope's body exactly as it leaves. */
      body: z.unknown(),
    }),
  ),
})
export type EgressList = z.infer<typeof egressList>
