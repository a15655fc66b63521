/** PDU types of PS3.8 9.3.1. */
export const PDU_TYPE = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const

/** Bytes before the body of every PDU: type, reserved, length (PS3.8 9.3.1). */
export const PDU_HEADER_BYTES = 6
/** Bytes before the fragment of a PDV: item length, presentation context id, message control header (PS3.8 9.3.5.1, E.2). */
export const PDV_HEADER_BYTES = 6

/** PS3.8 9.3.8, table 9-26: who aborts. */
export const ABORT_SOURCE = { serviceUser: 0, serviceProvider: 2 } as const

/** PS3.8 9.3.8, table 9-26: why the provider aborts. Not significant when the source is the service user. */
export const ABORT_REASON = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedPduParameter: 4,
  unexpectedPduParameter: 5,
  invalidPduParameterValue: 6,
} as const
export type AbortReason = (typeof ABORT_REASON)[keyof typeof ABORT_REASON]

/** A-ASSOCIATE-RJ, PS3.8 9.3.4 table 9-21. */
export interface Rejection {
  readonly result: 1 | 2
  readonly source: 1 | 2 | 3
  readonly reason: number
}

/** A-ABORT, PS3.8 9.3.8. */
export interface Abort {
  readonly source: number
  readonly reason: number
}

/** What the reader hands out. A data value may come in several pieces: `last` is set on the final piece of a last fragment. */
export type PduEvent =
  | {
      readonly kind: 'data'
      readonly contextId: number
      readonly command: boolean
      readonly last: boolean
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'associate-request'; readonly body: Uint8Array }
  | { readonly kind: 'associate-accept'; readonly body: Uint8Array }
  | { readonly kind: 'associate-reject'; readonly rejection: Rejection }
  | { readonly kind: 'release-request' }
  | { readonly kind: 'release-response' }
  | { readonly kind: 'abort'; readonly abort: Abort }
