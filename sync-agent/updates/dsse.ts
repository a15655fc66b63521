import { z } from 'zod'

/** What the envelopes of this product carry: an in-toto statement. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json'

/** DSSE envelope with one signature; payload and signature are base64. */
export const dsseEnvelope = z.strictObject({
  payloadType: z.literal(STATEMENT_TYPE),
  payload: z.base64().max(65_536),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.base64().max(128) })).length(1),
})
export type DsseEnvelope = z.infer<typeof dsseEnvelope>

/** DSSE protocol 1.0: what is signed is the type and the payload, each with its length. */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${STATEMENT_TYPE.length} ${STATEMENT_TYPE} ${payload.length} `), payload])
}
