import { z } from 'zod'
import type { Landed } from './landing/segment.ts'

/** What the landing log says of an instance. Sealed under the segment's key: it holds the file's key. */
const landingRecord = z.strictObject({
  v: z.literal(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Bytes of the data set. */
  bytes: z.number().int().min(0),
  /** Bytes of preamble and file meta group before the data set. */
  metaBytes: z.number().int().min(0),
  /** Bytes of the body as it is stored. */
  bodyBytes: z.number().int().min(0),
  /** Base64; null when the body is not encrypted. */
  fileKey: z.string().nullable(),
  /** Name of the file in `incoming/` that holds the body; null when it is in the log. */
  file: z
    .string()
    .regex(/^[0-9a-f-]{36}\.part$/)
    .nullable(),
  sopClassUid: z.string(),
  sopInstanceUid: z.string(),
  transferSyntaxUid: z.string(),
  callingAeTitle: z.string(),
  remoteAddress: z.string(),
  associationId: z.string(),
  receivedAt: z.number().int(),
})
export type LandingRecord = z.infer<typeof landingRecord>

/** An instance that is durable in the landing log and has no file under its digest yet. */
export interface LandedInstance extends LandingRecord {
  readonly landed: Landed
}

/** The bytes of a record. */
export function encodeLandingRecord(record: LandingRecord): Buffer {
  return Buffer.from(JSON.stringify(record))
}

/** Reads a record. @throws ZodError, SyntaxError: the log was written by another program. */
export function decodeLandingRecord(bytes: Buffer): LandingRecord {
  return landingRecord.parse(JSON.parse(bytes.toString('utf8')))
}
