import { createHash } from 'node:crypto'

/** A part of the declared patient split. */
export type SplitPart = 'shipped' | 'site' | 'test'

/** Name of the declared patient split; part of the hashed text. */
export const SPLIT_NAME = 'leadglass-split-v1'

const SHIPPED_BELOW = 35
const SITE_BELOW = 70

/**
 * Returns the part a patient belongs to, decided by a hash of the identifier alone.
 *
 * The bucket is the first four bytes (big-endian) of SHA-256 over the UTF-8 text
 * `leadglass-split-v1:<patientId>`, modulo 100: below 35 is `shipped` (trained the shipped
 * model), below 70 is `site` (labels entered later at a site), the rest is `test` (never
 * trained on). `models/training/split.py` says the same in Python.
 *
 * @param patientId - The identifier exactly as written in the data set's index.csv.
 */
export function splitOfPatient(patientId: string): SplitPart {
  const digest = createHash('sha256').update(`${SPLIT_NAME}:${patientId}`, 'utf8').digest()
  const bucket = digest.readUInt32BE(0) % 100
  if (bucket < SHIPPED_BELOW) return 'shipped'
  if (bucket < SITE_BELOW) return 'site'
  return 'test'
}
