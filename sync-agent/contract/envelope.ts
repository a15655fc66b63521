import { z } from 'zod'
import { digestOfJson, type JsonValue, type Sha256Hex, sha256Hex } from '../foundation/index.ts'
import { type EnvelopeBody, envelopeBody } from './bodies.ts'
import { type DeviceId, deviceId } from './identifiers.ts'
import { epochNumber, type StreamName, streamName } from './streams.ts'

/** The stream on which each kind of body travels. Total: a new kind does not compile until it has one. */
export const STREAM_OF_KIND: Readonly<Record<EnvelopeBody['kind'], StreamName>> = {
  'audit-leaf': 'audit',
  'audit-checkpoint': 'audit',
  'epoch-root': 'audit',
  'study-label': 'labels',
  'drift-counts': 'drift',
  'deployment-statistics': 'drift',
  'instance-features': 'features',
  'not-scored': 'features',
  'study-revision': 'features',
  'device-health': 'health',
  'reported-state': 'health',
}

/** The contract's version. A hub accepts every version it ever accepted. */
export const ENVELOPE_SCHEMA = 'leadglass.envelope/1'

/** Where an envelope stands: sequences count from 1 without gaps within (device, epoch, stream). */
export const envelopePosition = z.strictObject({
  device: deviceId,
  epoch: epochNumber,
  stream: streamName,
  sequence: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
})
export type EnvelopePosition = z.infer<typeof envelopePosition>

/** One message that leaves. `digest` covers position and body, so neither can be exchanged. */
export const envelope = z
  .strictObject({
    schema: z.literal(ENVELOPE_SCHEMA),
    ...envelopePosition.shape,
    body: envelopeBody,
    digest: sha256Hex,
  })
  .refine((value) => STREAM_OF_KIND[value.body.kind] === value.stream, { message: 'kind travels on another stream' })
  .refine((value) => value.digest === envelopeDigest(value, value.body), { message: 'digest does not match' })
export type Envelope = z.infer<typeof envelope>

/** SHA-256 over the canonical JSON of position and body. */
export function envelopeDigest(position: EnvelopePosition, body: EnvelopeBody): Sha256Hex {
  const { device, epoch, stream, sequence } = position
  return digestOfJson({ schema: ENVELOPE_SCHEMA, device, epoch, stream, sequence, body: body as JsonValue })
}

/** Seals a body at a position. The body is parsed first: what the contract cannot say cannot leave. */
export function sealEnvelope(position: Omit<EnvelopePosition, 'stream'>, body: EnvelopeBody): Envelope {
  const parsed = envelopeBody.parse(body)
  const full: EnvelopePosition = { ...position, stream: STREAM_OF_KIND[parsed.kind] }
  return { schema: ENVELOPE_SCHEMA, ...full, body: parsed, digest: envelopeDigest(full, parsed) }
}

/** How far the hub has committed a stream: every sequence up to and including `sequence` is in its tables. */
export const watermark = z.strictObject({
  epoch: envelopePosition.shape.epoch,
  stream: streamName,
  sequence: z.number().int().min(0),
})
export type Watermark = z.infer<typeof watermark>

/** Identifies a sender's counter: one (device, epoch, stream). */
export function counterKey(position: {
  readonly device: DeviceId
  readonly epoch: number
  readonly stream: StreamName
}): string {
  return `${position.device}/${position.epoch}/${position.stream}`
}
