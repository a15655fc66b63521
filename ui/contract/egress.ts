import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** What waits before it leaves, and what left about one study, over the appliance's interface. */

const digest = z.string().regex(/^[0-9a-f]{64}$/)

/** A batch of envelopes that a person releases or refuses as a whole. */
export const heldBatchView = z.object({
  batch: z.uuid(),
  /** Null for counts of the site, which are about no study. */
  study: pseudonym.nullable(),
  state: z.enum(['waiting', 'released', 'refused']),
  /** Number of envelopes by kind. */
  kinds: z.record(z.string(), count),
  /** Names exactly what is in it: a decision must name it too. */
  digest,
  openedAt: instant,
  decidedAt: instant.nullable(),
  /** Pseudonym of the person, `operator`, or `retention` where the study was removed. */
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
})
export type HeldBatchView = z.infer<typeof heldBatchView>

/** GET /api/egress/held: those that wait first. */
export const heldBatchList = z.object({
  /** What the settings say now. */
  hold: z.boolean(),
  holdStreams: z.array(z.string()),
  totals: z.object({ waiting: count, released: count, refused: count }),
  batches: z.array(heldBatchView),
})
export type HeldBatchList = z.infer<typeof heldBatchList>

/** GET /api/egress/held/:batch: with every body exactly as it would leave; none once it was decided. */
export const heldBatchDetail = heldBatchView.extend({
  envelopes: z.array(z.object({ stream: z.string(), kind: z.string(), body: z.unknown() })),
})
export type HeldBatchDetail = z.infer<typeof heldBatchDetail>

/** POST /api/egress/held/:batch/release. */
export const heldReleaseRequest = z.strictObject({ digest })
/** POST /api/egress/held/:batch/refuse. */
export const heldRefusalRequest = z.strictObject({ digest, reason: z.string().trim().min(3).max(500) })
/** Their answer: how many envelopes. */
export const heldDecision = z.object({ envelopes: count })

/** One field of a study before and after: what the site knows, and what the envelope says instead. */
export const comparedField = z.object({
  /** In the words of DICOM: `Patient's Name (0010,0010)`. */
  name: z.string(),
  /** As the site has it; identifying. */
  before: z.string(),
  /** Null where nothing leaves in its place. */
  after: z.string().nullable(),
  /** Class of the field that leaves. */
  fieldClass: z.string().nullable(),
})
export type ComparedField = z.infer<typeof comparedField>

/** GET /api/egress/studies/:study: an access to a study, and in the audit log as one. */
export const studyEgress = z.object({
  study: pseudonym,
  fields: z.array(comparedField),
  /** Bodies that did not leave because the study is of an earlier generation of pseudonyms, by kind. */
  withheld: z.record(z.string(), count),
  /** Bodies that were never sent because their class was over its quota, by kind: the hub does not know them. */
  rejected: z.record(z.string(), count).optional(),
  waiting: z.array(heldBatchView),
  envelopes: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      sequence: z.number().int(),
      kind: z.string(),
      state: z.enum(['sealed', 'relayed', 'acknowledged', 'refused']),
      sealedAt: instant,
      acknowledgedAt: instant.nullable(),
      body: z.unknown(),
    }),
  ),
})
export type StudyEgress = z.infer<typeof studyEgress>
