import type { Acknowledgement, DeviceId, Envelope, Watermark } from '@leadglass/sync-agent/contract'
import type { ParsedBatch } from './payload.ts'

/** What a commit did with a batch. An unknown or revoked device gets no acknowledgement. */
export type BatchResult =
  | {
      readonly outcome: 'committed'
      readonly acknowledgement: Acknowledgement
      readonly accepted: number
      readonly duplicates: number
    }
  | { readonly outcome: 'turned-away'; readonly code: 'device-unknown' | 'device-revoked' | 'device-held' }

/** A durable inbox, whatever database it stands in: effects and watermarks of many batches together or not at all. */
export interface InboxStore {
  /**
   * Commits batches in the order given. When this is done, everything that the results acknowledge is on disk.
   * One call at a time.
   * @throws when the transaction failed: nothing of any of the batches was kept.
   */
  commit(batches: readonly ParsedBatch[]): readonly BatchResult[] | Promise<readonly BatchResult[]>
}

/** What one transaction of an inbox reads and writes. Reads see the transaction's own writes. */
export interface InboxTransaction {
  standing(device: DeviceId): 'admitted' | 'unknown' | 'revoked' | 'held'
  /** Notes that the device was heard. */
  touch(device: DeviceId, at: string): void
  watermarks(device: DeviceId): readonly Watermark[]
  writeWatermark(device: DeviceId, mark: Watermark, duplicates: number, refused: number): void
  /** Digest committed at the envelope's own position; `undefined` when there is none. */
  committedDigest(envelope: Envelope): string | undefined
  /** True when the device has said that its epoch ends before this place. */
  isBeyondClosing(envelope: Envelope): boolean
  /**
   * Writes the envelope and its effect. False, and no trace of either, when it contradicts the site's log, or when a
   * statement about an epoch is not signed by the device.
   */
  store(envelope: Envelope, at: string): boolean
  lastCosigned(device: DeviceId): string | null
}
