/** How much a group of boxes sealed, in all. */
export interface SealedGroup {
  readonly batches: number
  readonly envelopes: number
  readonly byKind: Readonly<Record<string, number>>
}

/** How sending went. Milliseconds from publishing a batch to its acknowledgement. */
export interface SendOutcome {
  readonly latencies: readonly number[]
  readonly refused: number
  readonly sentAgain: number
}

/** Orders to a process of boxes. Each is answered once, in order. */
export type Order =
  | { readonly do: 'make'; readonly boxes: readonly { readonly device: string; readonly seed: number }[] }
  | { readonly do: 'seal'; readonly group: string; readonly devices: readonly string[]; readonly studies: number }
  | {
      readonly do: 'connect'
      readonly url: string
      readonly caPem: string
      readonly identities: readonly {
        readonly device: string
        readonly certificatePem: string
        readonly keyPem: string
      }[]
    }
  | { readonly do: 'send'; readonly group: string; readonly spreadMs: number }
  | { readonly do: 'disconnect' }
  | { readonly do: 'roots' }

/** Answers, by order. */
export interface Answers {
  readonly make: readonly { readonly device: string; readonly auditVerifierKey: string }[]
  readonly seal: SealedGroup
  readonly connect: { readonly connected: number }
  readonly send: SendOutcome
  readonly disconnect: null
  readonly roots: readonly { readonly device: string; readonly envelopes: number; readonly root: string }[]
}
