import { PDU_HEADER_BYTES, PDU_TYPE, PDV_HEADER_BYTES, type Rejection } from './pdu.ts'

/** A whole PDU: header and body (PS3.8 9.3.1). */
export function encodePdu(type: number, body: Uint8Array): Uint8Array {
  const pdu = new Uint8Array(PDU_HEADER_BYTES + body.length)
  pdu[0] = type
  new DataView(pdu.buffer).setUint32(2, body.length)
  pdu.set(body, PDU_HEADER_BYTES)
  return pdu
}

/** A-ASSOCIATE-RJ (PS3.8 9.3.4). */
export function encodeRejection(rejection: Rejection): Uint8Array {
  return encodePdu(PDU_TYPE.associateReject, Uint8Array.of(0, rejection.result, rejection.source, rejection.reason))
}

/** A-RELEASE-RQ (PS3.8 9.3.6). */
export function encodeReleaseRequest(): Uint8Array {
  return encodePdu(PDU_TYPE.releaseRequest, new Uint8Array(4))
}

/** A-RELEASE-RP (PS3.8 9.3.7). */
export function encodeReleaseResponse(): Uint8Array {
  return encodePdu(PDU_TYPE.releaseResponse, new Uint8Array(4))
}

/** A-ABORT (PS3.8 9.3.8). */
export function encodeAbort(source: number, reason: number): Uint8Array {
  return encodePdu(PDU_TYPE.abort, Uint8Array.of(0, 0, source, reason))
}

/**
 * The header of a P-DATA-TF with one PDV (PS3.8 9.3.5.1, E.2): 12 bytes, to be followed by exactly `fragmentBytes`
 * bytes, which is even.
 */
export function encodeDataHeader(
  contextId: number,
  command: boolean,
  last: boolean,
  fragmentBytes: number,
): Uint8Array {
  const header = new Uint8Array(PDU_HEADER_BYTES + PDV_HEADER_BYTES)
  const view = new DataView(header.buffer)
  header[0] = PDU_TYPE.data
  view.setUint32(2, PDV_HEADER_BYTES + fragmentBytes)
  view.setUint32(6, 2 + fragmentBytes)
  header[10] = contextId
  header[11] = (command ? 0x01 : 0) | (last ? 0x02 : 0)
  return header
}

/** A whole message part in one buffer, cut into P-DATA-TF PDUs of at most `maxPduBytes`: for command sets, which are small. */
export function encodeDataPdus(
  contextId: number,
  command: boolean,
  bytes: Uint8Array,
  maxPduBytes: number,
): Uint8Array {
  const largest = largestFragment(maxPduBytes)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length || at === 0; at += largest) {
    const fragment = bytes.subarray(at, at + largest)
    parts.push(encodeDataHeader(contextId, command, at + largest >= bytes.length, fragment.length), fragment)
  }
  return Buffer.concat(parts)
}

/** The largest even fragment that a P-DATA-TF of `maxPduBytes` (the length field, PS3.8 D.1) can carry. */
export function largestFragment(maxPduBytes: number): number {
  return (maxPduBytes - PDV_HEADER_BYTES) & ~1
}
