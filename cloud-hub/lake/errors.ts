import { CodedError } from '@leadglass/sync-agent/foundation'

/** What can be wrong with a snapshot. */
export type LakeCode = 'snapshot-empty' | 'snapshot-damaged' | 'snapshot-unaccounted' | 'snapshot-unknown'

/** A snapshot that cannot be made or must not be used. */
export class LakeError extends CodedError<LakeCode> {}
