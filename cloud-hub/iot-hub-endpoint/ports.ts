import type { Acknowledgement, DeviceId } from '@leadglass/sync-agent/contract'

/** Takes batches in. */
export interface BatchIntake {
  /**
   * Takes one payload; payloads of one device are committed in the order of the calls.
   * @returns the acknowledgement, after the commit; `undefined` when the payload was passed on and another will answer.
   * @throws {CodedError} `permanent`: this payload will never be taken; it is not acknowledged. Any other failure: nothing
   * is known of it, and the device must send it again.
   */
  submitBatch(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement | undefined>
  /** Hears that a device has uploaded a batch, where messages are passed on to somebody who reads files elsewhere. */
  announceUpload?(device: DeviceId, payload: Uint8Array): void
}

/** Takes what a device sent as a file because it fits into no message. */
export interface UploadIntake {
  /** As `submitBatch`, for a payload of up to `MAX_UPLOAD_BYTES`. */
  submitUpload(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement>
}

/** Which devices may come, and how they prove who they are. */
export interface DeviceDirectory {
  /** True for an enrolled, unrevoked device. */
  isAdmitted(device: DeviceId): boolean
  /** Base64 keys for shared access signatures; none when the device comes with a certificate only. */
  keysOf(device: DeviceId): readonly string[]
}

/** Policies under which services, not devices, speak. */
export interface PolicyDirectory {
  /** Base64 keys of a policy; none when there is no such policy. */
  keysOf(policy: string): readonly string[]
}
