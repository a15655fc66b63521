/** Whose data are to go, who asks for it, and why (free of identities). */
export interface ErasureRequest {
  readonly site: string
  /** The pseudonym under which the site sent the patient. */
  readonly patient: string
  readonly requestedBy: string
  readonly reason: string
}

/** What an erasure did. */
export interface ErasureReport {
  readonly erasure: string
  readonly site: string
  readonly requestedBy: string
  /** Envelopes whose effects were deleted. */
  readonly envelopes: number
  /** Rows of the lake that were left out of the files that were written again. */
  readonly rows: number
  readonly filesBefore: number
  readonly filesAfter: number
  /** Digests of snapshots that held rows of the patient and are superseded. */
  readonly snapshots: readonly string[]
}
