/** Bytes of the upper layer, written and read by code of the fuzzer's own: it must not be blind to what the product is blind to. */

export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseResponse: 6,
  abort: 7,
} as const

/** One PDU of a stream. */
export interface RawPdu {
  readonly type: number
  readonly body: Buffer
}

/** A PDU (PS3.8 9.3.1); `declared` is what its length field says. */
export function pdu(type: number, body: Uint8Array, declared: number = body.length): Buffer {
  const head = Buffer.alloc(6)
  head[0] = type
  head.writeUInt32BE(declared >>> 0, 2)
  return Buffer.concat([head, body])
}

/** A presentation data value item (PS3.8 9.3.5.1). Bit 0 of `control`: command; bit 1: last fragment. */
export function pdv(contextId: number, control: number, bytes: Uint8Array, declared = bytes.length + 2): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt32BE(declared >>> 0, 0)
  head[4] = contextId
  head[5] = control
  return Buffer.concat([head, bytes])
}

/** A presentation context of a request. */
export interface Proposal {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntax: string
}

/** A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export function associateRequest(proposals: readonly Proposal[], maxLength = 16_384): Buffer {
  const head = Buffer.alloc(68)
  head.writeUInt16BE(1, 0)
  head.write('LEADGLASS       ', 4, 'latin1')
  head.write('FUZZER          ', 20, 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(maxLength >>> 0)
  const contexts = proposals.map(({ id, abstractSyntax, transferSyntax }) =>
    item(0x20, Buffer.of(id, 0, 0, 0), item(0x30, text(abstractSyntax)), item(0x40, text(transferSyntax))),
  )
  const user = item(0x50, item(0x51, length), item(0x52, text('2.25.7')), item(0x55, text('FUZZER')))
  return pdu(PDU.associateRequest, Buffer.concat([head, item(0x10, text('1.2.840.10008.3.1.1.1')), ...contexts, user]))
}

/** A command set (PS3.7 6.3.1): numbers are US. `groupLength` is told instead of the true one. */
export function commandSet(
  values: readonly (readonly [element: number, value: number | string | Uint8Array])[],
  groupLength?: number,
): Buffer {
  const elements = Buffer.concat(values.flatMap(([element, value]) => commandElement(element, value)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE((groupLength ?? elements.length) >>> 0)
  return Buffer.concat([...commandElement(0, length), elements])
}

/** C-STORE-RQ (PS3.7 9.3.1.1). */
export function storeCommand(
  messageId: number,
  sopClassUid: string,
  sopInstanceUid: string,
  groupLength?: number,
): Buffer {
  return commandSet(
    [
      [0x0002, sopClassUid],
      [0x0100, 0x0001],
      [0x0110, messageId & 0xffff],
      [0x0700, 0],
      [0x0800, 1],
      [0x1000, sopInstanceUid],
    ],
    groupLength,
  )
}

/** C-ECHO-RQ (PS3.7 9.3.5.1). */
export function echoCommand(messageId: number): Buffer {
  return commandSet([
    [0x0002, VERIFICATION],
    [0x0100, 0x0030],
    [0x0110, messageId & 0xffff],
    [0x0800, 0x0101],
  ])
}

/** A message part as P-DATA-TF PDUs with fragments of at most `fragmentBytes`, an even number. */
export function dataPdus(contextId: number, command: boolean, bytes: Uint8Array, fragmentBytes = 16_376): Buffer[] {
  const pdus: Buffer[] = []
  for (let at = 0; at < bytes.length || at === 0; at += fragmentBytes) {
    const last = at + fragmentBytes >= bytes.length
    const control = (command ? 1 : 0) | (last ? 2 : 0)
    pdus.push(pdu(PDU.data, pdv(contextId, control, bytes.subarray(at, at + fragmentBytes))))
  }
  return pdus
}

export const RELEASE = pdu(PDU.releaseRequest, Buffer.alloc(4))
export const VERIFICATION = '1.2.840.10008.1.1'

/** Cuts a stream into PDUs as far as their length fields can be believed. */
export function pdusOf(stream: Buffer): { readonly pdus: RawPdu[]; readonly rest: Buffer } {
  const pdus: RawPdu[] = []
  let at = 0
  while (at + 6 <= stream.length) {
    const length = stream.readUInt32BE(at + 2)
    if (at + 6 + length > stream.length) break
    pdus.push({ type: stream[at] ?? 0, body: stream.subarray(at + 6, at + 6 + length) })
    at += 6 + length
  }
  return { pdus, rest: stream.subarray(at) }
}

function item(type: number, ...pieces: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(pieces)
  const head = Buffer.of(type, 0, 0, 0)
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

function commandElement(element: number, value: number | string | Uint8Array): Buffer[] {
  const bytes =
    typeof value === 'number' ? Buffer.of(value & 0xff, value >>> 8) : Buffer.from(value as string, 'latin1')
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
  const head = Buffer.alloc(8)
  head.writeUInt16LE(element, 2)
  head.writeUInt32LE(even.length, 4)
  return [head, even]
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1')
}
