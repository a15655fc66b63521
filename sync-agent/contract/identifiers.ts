import { z } from 'zod'

/** The name of a box, given at enrolment: lower-case letters, digits and hyphens. Never a hospital's own host name. */
export const deviceId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{1,46}[a-z0-9])$/)
  .brand<'DeviceId'>()
export type DeviceId = z.infer<typeof deviceId>

const pseudonymPattern = /^[0-9a-f]{32}$/

/** Keyed pseudonym of a study (HMAC-SHA-256 under the site's key, first 128 bits, hexadecimal). */
export const studyPseudonym = z.string().regex(pseudonymPattern).brand<'StudyPseudonym'>()
export type StudyPseudonym = z.infer<typeof studyPseudonym>

/** Keyed pseudonym of a patient. */
export const patientPseudonym = z.string().regex(pseudonymPattern).brand<'PatientPseudonym'>()
export type PatientPseudonym = z.infer<typeof patientPseudonym>

/**
 * The generation of keys under which study and patient have their pseudonyms; absent for the first. Of two generations
 * nobody outside the site can say which pseudonyms are one patient.
 */
export const pseudonymGeneration = z.number().int().min(2).max(10_000).optional()

/** Keyed pseudonym of a person who acts at a site (reader, technologist, administrator). */
export const personPseudonym = z.string().regex(pseudonymPattern).brand<'PersonPseudonym'>()
export type PersonPseudonym = z.infer<typeof personPseudonym>

/** A code of our own vocabularies: `pneumonia`, `association.rejected`. Too narrow for free text on purpose. */
export const vocabularyCode = z.string().regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z][a-z0-9-]{0,39}){0,3}$/)

/** A model package's name and version, and the SHA-256 of its manifest. */
export const modelReference = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{1,63}$/),
  version: z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})
export type ModelReference = z.infer<typeof modelReference>
