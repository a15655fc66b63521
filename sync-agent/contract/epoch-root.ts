import { z } from 'zod'
import { epochNumber, streamName } from './streams.ts'

/** RFC 6962 tree head over envelope digests (32 bytes each), hexadecimal. */
const treeHead = z.string().regex(/^[0-9a-f]{64}$/)
const place = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** Most ranges of one statement. */
export const MAX_EPOCH_RANGES = 64

/** Consecutive envelopes of one stream within an epoch, both ends included, and the tree head over their digests. */
export const epochRange = z.strictObject({ stream: streamName, from: place, to: place, root: treeHead })
export type EpochRange = z.infer<typeof epochRange>

/**
 * `audit` stream: what a device holds of one of its epochs. The first statement of a run covers each stream from 1 on;
 * those that follow narrow a difference down to the envelope.
 */
export const epochRoot = z.strictObject({
  kind: z.literal('epoch-root'),
  epoch: epochNumber,
  /** Numbers the statements of a device; the answer names it. */
  serial: place,
  /** Serial of the first statement of the run. */
  run: place,
  /** The epoch takes nothing more: beyond the ranges there is nothing, and there never will be. */
  closed: z.boolean(),
  envelopes: z.number().int().min(0),
  /** Tree head over all ranges, in their order. */
  root: treeHead,
  ranges: z.array(epochRange).max(MAX_EPOCH_RANGES),
  /** Key id and Ed25519 signature (C2SP signed-note) under the key of the device's audit log, base64. */
  signature: z.base64().length(92),
})
export type EpochRoot = z.infer<typeof epochRoot>

/** Hub to device: what the hub's tables hold of the ranges of a statement, recomputed from the effects. */
export const epochAnswer = z.strictObject({
  epoch: epochNumber,
  serial: place,
  envelopes: z.number().int().min(0),
  root: treeHead,
  /** In the order of the statement's ranges. */
  ranges: z.array(z.strictObject({ envelopes: z.number().int().min(0), root: treeHead })).max(MAX_EPOCH_RANGES),
  /** What the hub holds of a closed epoch beyond the statement's ranges. */
  beyond: z.array(z.strictObject({ stream: streamName, from: place, to: place })).max(5),
})
export type EpochAnswer = z.infer<typeof epochAnswer>
