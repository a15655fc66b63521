import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { LAKE_TABLE_NAMES } from './tables.ts'

const count = z.number().int().min(0)

/** A Parquet file of the lake; `path` is relative to the lake's folder. Envelope ids are those of the hub's inbox. */
export const lakeFile = z.strictObject({
  path: z
    .string()
    .max(300)
    .regex(/^tables\/[a-z_]+\/site=[a-z0-9-]+\/date=\d{4}-\d{2}-\d{2}\/[0-9a-f-]+\.parquet$/),
  site: z.string(),
  date: z.string(),
  sha256: sha256Hex,
  bytes: count,
  rows: count,
  minEnvelope: count,
  maxEnvelope: count,
  schemaVersion: count,
})
export type LakeFile = z.infer<typeof lakeFile>

/** Why a version came about. */
export const versionCause = z.enum(['append', 'compaction', 'erasure'])
export type VersionCause = z.infer<typeof versionCause>

/**
 * What a version of a table changed. Its digest is the SHA-256 of its canonical JSON; `parent` is that of the version
 * before, so the last digest stands for all files of the table.
 */
export const lakeVersion = z.strictObject({
  schema: z.literal('leadglass.lake-version/1'),
  table: z.enum(LAKE_TABLE_NAMES as [string, ...string[]]),
  number: z.number().int().min(1),
  parent: sha256Hex.nullable(),
  cause: versionCause,
  at: z.iso.datetime(),
  added: z.array(lakeFile),
  removed: z.array(lakeFile.shape.path),
  /** What the table holds after the change. */
  totals: z.strictObject({ files: count, rows: count, bytes: count }),
})
export type LakeVersion = z.infer<typeof lakeVersion>
