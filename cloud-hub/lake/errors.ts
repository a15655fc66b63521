import { CodedError } from '@leadglass/sync-agent/foundation'

/** What can be wrong with the lake or a snapshot. */
export type LakeCode =
  | 'snapshot-empty'
  | 'snapshot-damaged'
  | 'snapshot-unaccounted'
  | 'snapshot-unknown'
  | 'snapshot-superseded'
  | 'version-unknown'
  | 'version-expired'
  | 'lake-unaccounted'
  | 'query-refused'
  | 'query-failed'
  | 'subject-unknown'

/** A snapshot that cannot be made or must not be used, or a lake that does not hold what it should. */
export class LakeError extends CodedError<LakeCode> {}
