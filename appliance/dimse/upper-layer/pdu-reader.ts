import { GrowingBytes } from './growing-bytes.ts'
import { MalformedPduError } from './malformed.ts'
import { ABORT_REASON, PDU_HEADER_BYTES, PDU_TYPE, PDV_HEADER_BYTES, type PduEvent } from './pdu.ts'

const NOTHING = new Uint8Array(0)

/** Upper bounds in bytes for the body of a P-DATA-TF (what we announced, PS3.8 D.1) and of A-ASSOCIATE-RQ or -AC. */
export interface PduReaderLimits {
  readonly maxDataBytes: number
  readonly maxAssociateBytes: number
}

/**
 * Cuts a byte stream into PDUs. `push` what the socket gives, then call `next` until it returns `undefined`.
 * Data values are handed out as views into the pushed chunks, as soon as their bytes are there: neither a PDU nor an
 * object is ever put together. Only headers and association PDUs, which are bounded, are copied.
 */
export class PduReader {
  readonly #limits: PduReaderLimits
  readonly #onConsumed: (chunk: Uint8Array) => void
  readonly #waiting: Uint8Array[] = []
  #chunk: Uint8Array = NOTHING
  #at = 0
  #kept = false
  #pending = 0

  /** The start of a header whose other bytes have not come yet. */
  readonly #header = new Uint8Array(PDU_HEADER_BYTES)
  #headerFilled = 0

  #state: 'pdu-header' | 'pdv-header' | 'fragment' | 'body' | 'failed' = 'pdu-header'
  #pduType = 0
  #pduLeft = 0
  readonly #body = new GrowingBytes()
  #fragmentLeft = 0
  #contextId = 0
  #command = false
  #lastFragment = false

  /** @param onConsumed is given every chunk of which nothing is in use any more, unless `keep` was called for it. */
  constructor(limits: PduReaderLimits, onConsumed: (chunk: Uint8Array) => void = () => {}) {
    this.#limits = limits
    this.#onConsumed = onConsumed
  }

  /** Bytes pushed and not yet handed out. */
  get pendingBytes(): number {
    return this.#pending
  }

  /** Chunks pushed and not yet begun: a peer that sends single bytes makes many. */
  get pendingChunks(): number {
    return this.#waiting.length
  }

  /** The bytes of the latest event stay in use after the next call of `next`. */
  keep(): void {
    this.#kept = true
  }

  /** Adds received bytes, which are the reader's from now on. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#waiting.push(chunk)
    this.#pending += chunk.length
  }

  /**
   * The next event, or `undefined` when more bytes are needed.
   * @throws MalformedPduError for bytes against PS3.8; the reader is of no use afterwards.
   */
  next(): PduEvent | undefined {
    try {
      return this.#advance()
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  #advance(): PduEvent | undefined {
    for (;;) {
      let event: PduEvent | undefined
      switch (this.#state) {
        case 'pdu-header':
          if (!this.#fillHeader(PDU_HEADER_BYTES)) return undefined
          this.#beginPdu()
          break
        case 'pdv-header':
          if (!this.#fillHeader(PDV_HEADER_BYTES)) return undefined
          event = this.#beginFragment()
          break
        case 'fragment':
          event = this.#takeFragment()
          if (event === undefined) return undefined
          break
        case 'body':
          event = this.#takeBody()
          if (event === undefined) return undefined
          break
        case 'failed':
          return undefined
      }
      if (event !== undefined) return event
    }
  }

  #nextChunk(): boolean {
    while (this.#at === this.#chunk.length) {
      if (!this.#kept && this.#chunk.length > 0) this.#onConsumed(this.#chunk)
      this.#chunk = this.#waiting.shift() ?? NOTHING
      this.#at = 0
      this.#kept = false
      if (this.#chunk === NOTHING) return false
    }
    return true
  }

  /** Takes up to `wanted` bytes that lie together, or `undefined` when there are none. */
  #take(wanted: number): Uint8Array | undefined {
    if (!this.#nextChunk()) return undefined
    const end = Math.min(this.#at + wanted, this.#chunk.length)
    const bytes = this.#chunk.subarray(this.#at, end)
    this.#pending -= bytes.length
    this.#at = end
    return bytes
  }

  #fillHeader(wanted: number): boolean {
    while (this.#headerFilled < wanted) {
      const bytes = this.#take(wanted - this.#headerFilled)
      if (bytes === undefined) return false
      this.#header.set(bytes, this.#headerFilled)
      this.#headerFilled += bytes.length
    }
    this.#headerFilled = 0
    return true
  }

  /** Four bytes, big endian: PS3.8 9.3.1. */
  #headerUint32(at: number): number {
    const header = this.#header
    return (
      ((header[at] ?? 0) * 0x1000000 +
        ((header[at + 1] ?? 0) << 16) +
        ((header[at + 2] ?? 0) << 8) +
        (header[at + 3] ?? 0)) >>>
      0
    )
  }

  #beginPdu(): void {
    this.#pduType = this.#header[0] ?? 0
    this.#pduLeft = this.#headerUint32(2)
    switch (this.#pduType) {
      case PDU_TYPE.data:
        // PS3.8 9.3.5 and D.1: one PDV item at least, and no more than the length we announced.
        if (this.#pduLeft > this.#limits.maxDataBytes)
          throw new MalformedPduError('P-DATA-TF is longer than the maximum length announced (PS3.8 D.1)')
        if (this.#pduLeft < PDV_HEADER_BYTES) throw new MalformedPduError('P-DATA-TF without a PDV item (PS3.8 9.3.5)')
        this.#state = 'pdv-header'
        return
      case PDU_TYPE.associateRequest:
      case PDU_TYPE.associateAccept:
        if (this.#pduLeft > this.#limits.maxAssociateBytes) throw new MalformedPduError('association PDU is too long')
        break
      case PDU_TYPE.associateReject:
      case PDU_TYPE.releaseRequest:
      case PDU_TYPE.releaseResponse:
      case PDU_TYPE.abort:
        // PS3.8 9.3.4, 9.3.6, 9.3.7, 9.3.8: the length of these is 4.
        if (this.#pduLeft !== 4) throw new MalformedPduError('PDU of fixed length 4 has another length')
        break
      default:
        throw new MalformedPduError('PDU type is not one of PS3.8 9.3.1', ABORT_REASON.unrecognizedPdu)
    }
    this.#state = 'body'
  }

  #beginFragment(): PduEvent | undefined {
    const itemLength = this.#headerUint32(0)
    this.#pduLeft -= PDV_HEADER_BYTES
    // PS3.8 9.3.5.1: the item length counts the context id and the control header, and an item ends inside its PDU.
    if (itemLength < 2 || itemLength - 2 > this.#pduLeft)
      throw new MalformedPduError('PDV item length does not fit its P-DATA-TF (PS3.8 9.3.5.1)')
    const contextId = this.#header[4] ?? 0
    const control = this.#header[5] ?? 0
    // PS3.8 9.3.5.1: presentation context ids are odd. PS3.8 E.2: bits 2 to 7 of the control header are ignored.
    if (contextId % 2 === 0) throw new MalformedPduError('presentation context id is even (PS3.8 9.3.5.1)')
    // PS3.8 annex E.1 with PS3.7 annex F: every fragment has an even length.
    if (itemLength % 2 !== 0) throw new MalformedPduError('PDV fragment of odd length (PS3.8 E.1)')
    this.#contextId = contextId
    this.#command = (control & 0x01) !== 0
    this.#lastFragment = (control & 0x02) !== 0
    this.#fragmentLeft = itemLength - 2
    this.#pduLeft -= this.#fragmentLeft
    if (this.#fragmentLeft > 0) {
      this.#state = 'fragment'
      return undefined
    }
    this.#endFragment()
    return this.#dataEvent(NOTHING, this.#lastFragment)
  }

  #takeFragment(): PduEvent | undefined {
    const bytes = this.#take(this.#fragmentLeft)
    if (bytes === undefined) return undefined
    this.#fragmentLeft -= bytes.length
    if (this.#fragmentLeft > 0) return this.#dataEvent(bytes, false)
    this.#endFragment()
    return this.#dataEvent(bytes, this.#lastFragment)
  }

  #endFragment(): void {
    if (this.#pduLeft === 0) this.#state = 'pdu-header'
    else if (this.#pduLeft < PDV_HEADER_BYTES)
      throw new MalformedPduError('PDV header is cut by the end of its P-DATA-TF (PS3.8 9.3.5.1)')
    else this.#state = 'pdv-header'
  }

  #dataEvent(bytes: Uint8Array, last: boolean): PduEvent {
    return { kind: 'data', contextId: this.#contextId, command: this.#command, last, bytes }
  }

  #takeBody(): PduEvent | undefined {
    while (this.#pduLeft > 0) {
      const bytes = this.#take(this.#pduLeft)
      if (bytes === undefined) return undefined
      this.#body.append(bytes)
      this.#pduLeft -= bytes.length
    }
    this.#state = 'pdu-header'
    return toEvent(this.#pduType, this.#body.take())
  }
}

function toEvent(pduType: number, body: Uint8Array): PduEvent {
  switch (pduType) {
    case PDU_TYPE.associateRequest:
      return { kind: 'associate-request', body }
    case PDU_TYPE.associateAccept:
      return { kind: 'associate-accept', body }
    case PDU_TYPE.associateReject:
      return {
        kind: 'associate-reject',
        rejection: {
          result: body[1] === 2 ? 2 : 1,
          source: body[2] === 2 ? 2 : body[2] === 3 ? 3 : 1,
          reason: body[3] ?? 0,
        },
      }
    case PDU_TYPE.releaseRequest:
      return { kind: 'release-request' }
    case PDU_TYPE.releaseResponse:
      return { kind: 'release-response' }
    default:
      return { kind: 'abort', abort: { source: body[2] ?? 0, reason: body[3] ?? 0 } }
  }
}
