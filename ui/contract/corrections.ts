import { z } from 'zod'
import { count, instant } from './fields.ts'

/** Corrections at a site: merges of patients, accession numbers, withdrawn instances. */

/** A value of DICOM: no backslash, no control characters, no blanks around it (PS3.5 6.2). */
const value = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\\\p{Cc}]+$/u)
    .refine((text) => text.trim() === text)

const reason = z.string().min(3).max(500)

/** POST /api/corrections/merges: `from` is merged into `to`, which survives. */
export const mergeRequest = z.strictObject({
  from: value(64),
  to: value(64),
  /** Issuer of Patient ID of both; '' for the site's own numbers. */
  issuer: z.union([z.literal(''), value(64)]).default(''),
  /** Of the survivor, for results: as PN. Without it the received name stays. */
  name: value(64).nullable().default(null),
  birthDate: z
    .string()
    .regex(/^\d{8}$/)
    .nullable()
    .default(null),
  sex: z.enum(['F', 'M', 'O']).nullable().default(null),
  reason,
})
export type MergeRequest = z.input<typeof mergeRequest>

/** `known`: it was in force already. `studies`: how many stand under another patient now. */
export const mergeAnswer = z.object({ merge: count, known: z.boolean(), studies: count })
export type MergeAnswer = z.infer<typeof mergeAnswer>

/** POST /api/corrections/merges/:merge/undo. */
export const undoRequest = z.strictObject({ reason })

/** GET /api/corrections/merges, newest first. */
export const mergeList = z.object({
  merges: z.array(
    z.object({
      merge: count,
      from: z.string(),
      fromIssuer: z.string(),
      to: z.string(),
      toIssuer: z.string(),
      source: z.enum(['hl7', 'person']),
      by: z.string(),
      reason: z.string(),
      at: instant,
      undoneBy: z.string().nullable(),
      undoneReason: z.string().nullable(),
      undoneAt: instant.nullable(),
    }),
  ),
})
export type MergeList = z.infer<typeof mergeList>

/** POST /api/studies/:study/accession. */
export const accessionRequest = z.strictObject({ accession: value(16), reason })

/** The revision that stands under the new number. */
export const accessionAnswer = z.object({ revision: z.number().int().min(1) })
export type AccessionAnswer = z.infer<typeof accessionAnswer>

/** What was corrected of a study, newest first. */
export const correctionView = z.object({
  revision: z.number().int().min(1),
  cause: z.string(),
  by: z.string(),
  reason: z.string(),
  at: instant,
})
export type CorrectionView = z.infer<typeof correctionView>

/** An instance that is kept and not used, and why. */
export const withdrawnView = z.object({ sopInstanceUid: z.string(), reason: z.string() })

/** Identity as received, of a study that stands under another since. */
export const receivedView = z.object({
  patientId: z.string(),
  patientName: z.string(),
  accessionNumber: z.string(),
})
