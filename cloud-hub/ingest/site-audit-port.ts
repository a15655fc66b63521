import type { DeviceId } from '@leadglass/sync-agent/contract'

/** The mirror of the sites' audit logs, as the inbox needs it. Both methods write only when they accept. */
export interface SiteAuditPort {
  /** Makes room for the device's log; called before the transaction that accepts its leaves. */
  open(device: DeviceId): void
  /** @returns false when the leaf does not continue the log that the hub has seen. */
  acceptLeaf(device: DeviceId, envelope: number, index: number, leaf: Uint8Array): boolean
  /** @returns false when the checkpoint contradicts the log that the hub has seen. */
  acceptCheckpoint(device: DeviceId, envelope: number, note: string): boolean
  /** The last checkpoint of the device that the hub has cosigned, as a signed note. */
  lastCosigned(device: DeviceId): string | null
}
