export { recordErasure } from './erasure-audit.ts'
export type { ErasureReport, ErasureRequest } from './erasure-record.ts'
export { LakeError } from './errors.ts'
export { type Accounting, EXCLUSION_REASONS, EXCLUSIONS, type ExclusionReason } from './exclusions.ts'
export { Lake, type Snapshot, type SnapshotRequest } from './lake.ts'
export { type SnapshotManifest, snapshotManifest } from './manifest.ts'
export { readParquet, type StoredRow } from './parquet.ts'
export { LAKE_SCHEMA } from './schema.ts'
export { LakeService } from './service.ts'
export type { ListedSnapshot } from './snapshot-book.ts'
export {
  DATA_FOLDER,
  type OpenedSnapshot,
  openSnapshot,
  SNAPSHOT_MANIFEST,
  type SnapshotState,
} from './snapshot-folder.ts'
export type { LakeSource, SourceBatch, TakenEnvelopes } from './source.ts'
