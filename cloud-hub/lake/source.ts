import type { JsonValue } from '@leadglass/sync-agent/foundation'
import type { LakeRow, LakeTable } from './tables.ts'

/** What a step of the cursor brings: the rows of the envelopes after it, in the order of their ids. */
export interface SourceBatch {
  /** The last envelope of the batch; the cursor itself when there is none. */
  readonly last: number
  /** True when nothing more was committed when this was read. */
  readonly complete: boolean
  readonly rows: ReadonlyMap<LakeTable, readonly LakeRow[]>
  /** How far each stream of each site was at this instant. */
  readonly watermarks: readonly JsonValue[]
}

/** Envelopes that the hub has taken and one kind of them, up to the cursor: what the lake must account for. */
export interface TakenEnvelopes {
  readonly site: string
  readonly kind: string
  readonly envelopes: number
  readonly erased: number
}

/** Where committed envelopes are read from. */
export interface LakeSource {
  /** At most `limit` envelopes after the cursor, from one instant of the database. */
  read(after: number, limit: number): Promise<SourceBatch>
  /** Counts by site and kind of everything up to the cursor. */
  taken(upTo: number): Promise<readonly TakenEnvelopes[]>
}
