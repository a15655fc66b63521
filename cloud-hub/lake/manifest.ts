import { deviceId, modelReference, vocabularyCode, watermark } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { EXCLUSION_REASONS } from './exclusions.ts'

const count = z.number().int().min(0)

/** What a snapshot is: its files, how its rows came about, and how far each site's streams were. */
export const snapshotManifest = z.strictObject({
  schema: z.literal('leadglass.dataset-snapshot/1'),
  finding: vocabularyCode,
  model: modelReference.shape.name,
  /** SHA-256 of the graph that made the embeddings. */
  backbone: sha256Hex,
  embeddingLength: z.number().int().min(1).max(8192),
  accounting: z.strictObject({
    envelopes: count,
    rows: count,
    excluded: z.partialRecord(z.enum(EXCLUSION_REASONS), count),
  }),
  positives: count,
  negatives: count,
  patients: count,
  sites: z.array(z.strictObject({ site: deviceId, rows: count })),
  /** What the rules went by; absent in snapshots from before there was a lake. */
  rules: z
    .strictObject({
      cutoff: z.iso.datetime().nullable(),
      /** Lengths between which an embedding counts; null where there were too few to tell. */
      norms: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
      revokedReaders: count,
      noisySites: z.array(
        z.strictObject({ site: deviceId, positives: count, negatives: count, auc: z.number(), upper: z.number() }),
      ),
    })
    .optional(),
  watermarks: z.array(z.strictObject({ site: deviceId, ...watermark.shape })),
  files: z.array(z.strictObject({ path: z.string().max(300), sha256: sha256Hex, bytes: count })),
})
export type SnapshotManifest = z.infer<typeof snapshotManifest>
