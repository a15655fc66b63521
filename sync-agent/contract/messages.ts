import { z } from 'zod'
import { desiredDelivery } from './desired.ts'
import { envelope, watermark } from './envelope.ts'
import { epochAnswer } from './epoch-root.ts'
import { type DeviceId, deviceId } from './identifiers.ts'

/** Largest batch on the wire, in bytes before compression; IoT Hub refuses above 256 KB. */
export const MAX_BATCH_BYTES = 200_000

/** Largest batch that goes by upload, in bytes before compression: one envelope that fits into no message. */
export const MAX_UPLOAD_BYTES = 8_000_000

/** Largest piece of an upload; a lost link costs no more than one. */
export const UPLOAD_PIECE_BYTES = 262_144

/** ALPN name (RFC 7301) under which the hub's device port takes uploads beside MQTT. */
export const UPLOAD_PROTOCOL = 'http/1.1'

/** Device to hub: envelopes of any streams, in order within each. JSON, gzip-compressed, MQTT QoS 1. */
export const envelopeBatch = z.strictObject({
  schema: z.literal('leadglass.batch/1'),
  batch: z.uuid(),
  envelopes: z.array(envelope).min(1).max(2000),
})
export type EnvelopeBatch = z.infer<typeof envelopeBatch>

/** Why the hub did not take an envelope. `gap`: an earlier sequence is missing, send again from the watermark. */
export const refusalCode = z.enum(['gap', 'conflict', 'schema', 'foreign-device', 'audit-inconsistent', 'closed-epoch'])
export type RefusalCode = z.infer<typeof refusalCode>

/** Hub to device, after its commit: watermarks of every stream in the batch, refusals, and cosignatures of checkpoints. */
export const acknowledgement = z.strictObject({
  schema: z.literal('leadglass.acknowledgement/1'),
  device: deviceId,
  batch: z.uuid(),
  watermarks: z.array(watermark).max(1000),
  refused: z.array(z.strictObject({ ...watermark.shape, code: refusalCode })).max(2000),
  /** C2SP cosignature lines for the device's log checkpoint, and the note they belong to. */
  cosigned: z.string().max(16_384).nullable(),
  /** Answers to statements about epochs; only a device that made one gets it, so that older ones read every answer. */
  epochs: z.array(epochAnswer).max(100).optional(),
})
export type Acknowledgement = z.infer<typeof acknowledgement>

/** Hub to device, retained: what should be so. The agent answers by fetching updates; nothing is trusted by virtue of it. */
export const desiredState = z.strictObject({
  schema: z.literal('leadglass.desired-state/1'),
  version: z.number().int().min(1),
  /** Version of timestamp.json that the hub has published; a hint to refresh now, not a fact to rely on. */
  timestampVersion: z.number().int().min(0),
  /** Where the TUF repository is, relative to the hub's address. */
  repositoryPath: z.string().regex(/^\/[a-z0-9/-]*$/),
  /** What the hub wishes of this device; absent while it wishes nothing. The site's own policy decides what of it counts. */
  document: desiredDelivery.optional(),
  /** Asks the device for its whole state, under this number or a higher one. */
  resync: z.number().int().min(0).optional(),
})
export type DesiredState = z.infer<typeof desiredState>

/** Folder of a blob container in which a device puts a batch that fits into no message, under its SHA-256. */
export const UPLOAD_FOLDER = 'batches'

/** Value of the message property `schema` of an announcement; that of a batch is `leadglass.batch/1`. */
export const UPLOAD_SCHEMA = 'leadglass.upload/1'

/**
 * Device to hub, after an upload through a hub of Azure's kind: the blob service tells nobody that reads telemetry. Says no
 * more than where to look; whose it is, the hub knows from whoever authenticated the device.
 */
export const uploadAnnouncement = z.strictObject({
  schema: z.literal(UPLOAD_SCHEMA),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z
    .number()
    .int()
    .min(1)
    .max(MAX_UPLOAD_BYTES + 4096),
})
export type UploadAnnouncement = z.infer<typeof uploadAnnouncement>

/** Topics. A device may publish and subscribe below its own name only. */
export const topics = {
  envelopes: (device: DeviceId) => `leadglass/1/devices/${device}/envelopes`,
  acknowledgements: (device: DeviceId) => `leadglass/1/devices/${device}/acknowledgements`,
  desired: (device: DeviceId) => `leadglass/1/devices/${device}/desired`,
  allEnvelopes: 'leadglass/1/devices/+/envelopes',
} as const
